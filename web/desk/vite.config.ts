import { fileURLToPath } from 'node:url';

import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

const API = 'http://127.0.0.1:8000';

// The web process returns dist/index.html for every address that is no file of dist.
export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: true,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    target: 'es2022',
    // The grid and the statistics' charts are loaded where they are shown.
    chunkSizeWarningLimit: 1200,
    // A data: URL would need a wider policy than a file of our own does.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  // `npx vite` for work on the pages themselves, beside a web process on its usual port.
  server: { proxy: { '/graphql': { target: API, ws: true }, '/session': API } },
  test: { environment: 'happy-dom', include: ['tests/unit/**/*.test.ts'] },
});
