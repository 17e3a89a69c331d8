/** The pages and who may open them. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';

import { usePerson } from '@/stores/person';

declare module 'vue-router' {
  interface RouteMeta {
    title?: string;
    isPublic?: boolean;
    needs?: 'risk' | 'admin';
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
      { path: 'account/:tab(overview|performance|ledger|trades|statements|proof)', component: () => import('@/pages/AccountPage.vue'), props: true, meta: { title: 'nav.account' } },
      { path: 'risk', component: () => import('@/pages/RiskPage.vue'), props: { tab: 'limits' }, meta: { title: 'nav.risk' } },
      { path: 'risk/:tab(limits|events|rules|halts)', component: () => import('@/pages/RiskPage.vue'), props: true, meta: { title: 'nav.risk' } },
      { path: 'surveillance', component: () => import('@/pages/SurveillancePage.vue'), meta: { title: 'nav.surveillance', needs: 'risk' } },
      { path: 'system', component: () => import('@/pages/SystemPage.vue'), meta: { title: 'nav.system', needs: 'risk' } },
      { path: 'admin', component: () => import('@/pages/AdminPage.vue'), props: { tab: 'users' }, meta: { title: 'nav.admin', needs: 'risk' } },
      { path: 'admin/:tab(users|audit)', component: () => import('@/pages/AdminPage.vue'), props: true, meta: { title: 'nav.admin', needs: 'risk' } },
      { path: 'settings', component: () => import('@/pages/SettingsPage.vue'), meta: { title: 'nav.settings' } },
      { path: ':rest(.*)*', component: () => import('@/pages/MissingPage.vue'), meta: { title: 'missing.title' } },
    ],
  },
];

export const router = createRouter({ history: createWebHistory(), routes });

router.beforeEach((to) => {
  const person = usePerson();
  if (!person.person && !to.meta.isPublic) return { path: '/sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } };
  if (person.person && to.path === '/sign-in') return '/';
  if (to.meta.needs === 'risk' && !person.isRisk) return { path: '/not-allowed' };
  return true;
});
