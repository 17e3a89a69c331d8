/** The pages and who may open them. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';

import { TABS } from '@/pages/tabs';
import { usePerson } from '@/stores/person';

declare module 'vue-router' {
  interface RouteMeta {
    title?: string;
    isPublic?: boolean;
    needs?: 'risk' | 'admin';
    /** What may stand in the place of `:tab`. */
    tabs?: readonly string[];
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/sign-in', component: () => import('@/pages/SignInPage.vue'), meta: { isPublic: true, title: 'signIn.title' } },
  {
    path: '/',
    component: () => import('@/components/AppShell.vue'),
    children: [
      { path: '', redirect: () => (usePerson().role === 'RISK_MANAGER' ? '/risk' : '/desk') },
      { path: 'desk', component: () => import('@/pages/DeskPage.vue'), meta: { title: 'nav.desk' } },
      { path: 'orders', component: () => import('@/pages/OrdersPage.vue'), meta: { title: 'nav.orders' } },
      { path: 'orders/:id', component: () => import('@/pages/OrderPage.vue'), props: true, meta: { title: 'nav.orders' } },
      { path: 'account', component: () => import('@/pages/AccountPage.vue'), props: { tab: 'overview' }, meta: { title: 'nav.account' } },
      { path: `account/:tab(${TABS.account.join('|')})`, component: () => import('@/pages/AccountPage.vue'), props: true, meta: { title: 'nav.account', tabs: TABS.account } },
      { path: 'risk', component: () => import('@/pages/RiskPage.vue'), props: { tab: 'limits' }, meta: { title: 'nav.risk' } },
      { path: `risk/:tab(${TABS.risk.join('|')})`, component: () => import('@/pages/RiskPage.vue'), props: true, meta: { title: 'nav.risk', tabs: TABS.risk } },
      { path: 'surveillance', component: () => import('@/pages/SurveillancePage.vue'), meta: { title: 'nav.surveillance', needs: 'risk' } },
      { path: 'system', component: () => import('@/pages/SystemPage.vue'), meta: { title: 'nav.system', needs: 'risk' } },
      { path: 'admin', component: () => import('@/pages/AdminPage.vue'), props: { tab: 'users' }, meta: { title: 'nav.admin', needs: 'risk' } },
      { path: `admin/:tab(${TABS.admin.join('|')})`, component: () => import('@/pages/AdminPage.vue'), props: true, meta: { title: 'nav.admin', needs: 'risk', tabs: TABS.admin } },
      { path: 'settings', component: () => import('@/pages/SettingsPage.vue'), meta: { title: 'nav.settings' } },
      { path: ':rest(.*)*', component: () => import('@/pages/MissingPage.vue'), meta: { title: 'missing.title' } },
    ],
  },
];

export const router = createRouter({ history: createWebHistory(), routes });

router.beforeEach(async (to) => {
  const person = usePerson();
  await person.known;
  if (!person.person && !to.meta.isPublic) return { path: '/sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } };
  if (person.person && to.path === '/sign-in') return '/';
  if (to.meta.needs === 'risk' && !person.isRisk) return { path: '/not-allowed' };
  return true;
});
