import { defineConfig } from 'vite'
import vue from '@vitejs/plugin-vue'
import { receiver } from './receiver.config.ts'

/** Everything is a file of the server's origin: nothing inline, as its policy demands. */
export default defineConfig({
  resolve: { alias: receiver },
  plugins: [vue({ template: { compilerOptions: { whitespace: 'preserve' } } })],
  define: { __VUE_OPTIONS_API__: 'false' },
  build: {
    target: 'es2022',
    manifest: true,
    license: { fileName: 'notices.txt' },
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssMinify: 'lightningcss',
  },
})
