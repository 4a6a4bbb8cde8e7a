import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { radios } from './event.ts'
import { config, logIn, Site } from './site.ts'

let site: Site
test.beforeAll(async () => {
  site = await Site.start()
  site.command('import', join(config, 'demo.yml'))
  site.runner('roof', radios(site.dir))
})
test.afterAll(() => site.stop())

test('the first load is small, later ones come from the browser, and no page polls', async ({ page }) => {
  await logIn(page, site, site.account('alice', 'master'))
  const sizes: number[] = []
  const client = await page.context().newCDPSession(page)
  await client.send('Network.enable')
  await client.send('Network.setCacheDisabled', { cacheDisabled: true })
  client.on('Network.loadingFinished', ({ encodedDataLength }) => void sizes.push(encodedDataLength))
  const began = Date.now()
  await page.goto(`${site.url}/overview`)
  await expect(page.getByRole('heading', { name: 'Last transmissions' })).toBeVisible()
  const took = Date.now() - began
  await page.waitForLoadState('networkidle').catch(() => undefined)
  const kib = sizes.reduce((sum, size) => sum + size, 0) / 1024
  console.log(`first load ${kib.toFixed(1)} KiB, usable after ${took} ms`)
  expect(kib).toBeLessThan(400)

  const asked: string[] = []
  page.on('request', (request) => void asked.push(new URL(request.url()).pathname))
  for (const name of ['Overview', 'Challenges', 'Runners', 'Alarms']) {
    await page.getByRole('link', { name, exact: true }).first().click()
    await expect(page.getByRole('heading', { level: 1, name })).toBeAttached()
    // Longer than the server is ever silent: what is shown has changed meanwhile.
    await page.waitForTimeout(6000)
  }
  expect(asked.filter((path) => path.startsWith('/api'))).toEqual([])
})

test('the overview reads in sense order, and everything is reached by the keyboard', async ({ page }) => {
  await logIn(page, site, site.account('kim', 'operator'))
  await expect(page.getByRole('heading', { name: 'Last transmissions' })).toBeVisible()
  const headings = await page.getByRole('main').getByRole('heading').allTextContents()
  const order = ['Overview', 'On air', 'No alarms', 'Next', 'Radios', 'Last transmissions', 'Last 12 hours']
  expect(headings.map((words) => words.trim()).filter((words) => order.includes(words))).toEqual(order)
  await page.goto(`${site.url}/overview`)
  await expect(page.getByRole('heading', { name: 'Last transmissions' })).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused()
  const seen = new Set<string>()
  for (let n = 0; n < 40; n++) {
    await page.keyboard.press('Tab')
    seen.add((await page.evaluate(() => document.activeElement?.textContent?.trim())) ?? '')
  }
  for (const name of ['Challenges', 'Pause', 'Emergency stop']) expect([...seen]).toContain(name)
})
