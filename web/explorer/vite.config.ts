import { defineConfig } from 'vite';

// The web process returns dist/index.html at GET /graphql and every other file of dist under /explorer/.
export default defineConfig({
  base: '/explorer/',
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // Monaco alone is several megabytes; the warning would be the same in every build and tell nothing.
    chunkSizeWarningLimit: 8192,
    // A data: URL would need a wider policy than a file of our own does.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // Dependencies mark modules for React's server and compiler, which this bundle does not have.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  // `npx vite` for work on the pages themselves, beside a web process on its usual port.
  server: {
    proxy: { '/graphql': { target: 'http://127.0.0.1:8000', ws: true } },
  },
});
