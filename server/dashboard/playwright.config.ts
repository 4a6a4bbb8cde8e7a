import { defineConfig } from '@playwright/test'

/** Nothing that looks outside, and no pictures that need a graphics card. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'out/results',
  // Each file has a server of its own.
  workers: Number(process.env['WORKERS'] ?? 2),
  reporter: process.env['CI'] ? 'line' : 'list',
  // Generous: on a machine that is shared, everything takes its time.
  timeout: 180_000,
  expect: { timeout: 15_000 },
  use: {
    actionTimeout: 60_000,
    trace: 'retain-on-failure',
    video: 'off',
    viewport: { width: 1280, height: 800 },
    launchOptions: { executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args },
  },
})
