import 'element-plus/theme-chalk/base.css';
import '@/styles/tokens.css';
import '@/styles/base.css';
import '@/styles/blocks.css';
import '@/styles/grid.css';
import '@/styles/dock.css';

import { createPinia } from 'pinia';
import { createApp, watch } from 'vue';

import App from '@/App.vue';
import { stacked } from '@/components/stacked';
import { i18n, speak } from '@/i18n';
import { router } from '@/router';
import { usePerson } from '@/stores/person';
import { usePreferences } from '@/stores/preferences';

async function main(): Promise<void> {
  const app = createApp(App).use(createPinia()).use(i18n).directive('stacked', stacked);
  const preferences = usePreferences();
  await speak(preferences.values.language);
  watch(
    () => preferences.values.language,
    (language) => void speak(language),
  );
  const person = usePerson();
  void person.start();
  app.use(router);
  watch(
    () => person.person,
    (now, before) => {
      if (before && !now) void router.push({ path: '/sign-in', query: { next: router.currentRoute.value.fullPath } });
    },
  );
  app.mount('#app');
}

void main();
