import { defineConfig } from 'vitest/config'
import vue from '@vitejs/plugin-vue'
import { receiver } from './receiver.config.ts'

export default defineConfig({
  resolve: { alias: receiver },
  plugins: [vue({ template: { compilerOptions: { whitespace: 'preserve' } } })],
  test: { environment: 'happy-dom', include: ['unit/**/*.test.ts'] },
})
