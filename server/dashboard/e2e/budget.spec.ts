import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { radios } from './support/event.ts'
import { watch } from './support/look.ts'
import { config, logIn, Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => {
  site = await Site.start()
  site.command('import', join(config, 'demo.yml'))
  site.runner('roof', radios(site.dir))
})
test.afterAll(() => site.stop())

test('the first load is small, no request leaves the origin, and no page polls', async ({ page }) => {
  const clean = await watch(page)
  let changes = 0
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      if (payload.toString().includes('"changes"')) changes += 1
    }),
  )
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
  await page.waitForLoadState('networkidle')
  const kib = sizes.reduce((sum, size) => sum + size, 0) / 1024
  console.log(`first load ${kib.toFixed(1)} KiB, usable after ${took} ms`)
  expect(kib).toBeLessThan(400)

  const asked: string[] = []
  page.on('request', (request) => void asked.push(new URL(request.url()).pathname))
  for (const name of ['Overview', 'Challenges', 'Runners', 'Alarms']) {
    await page.getByRole('link', { name, exact: true }).first().click()
    await expect(page.getByRole('heading', { level: 1, name })).toBeAttached()
    // What is shown changes meanwhile.
    const before = changes
    await expect.poll(() => changes, { timeout: 30_000 }).toBeGreaterThan(before + 1)
  }
  expect(asked.filter((path) => path.startsWith('/api'))).toEqual([])
  await clean()
})

test('a screen reader hears the overview in sense order, and everything is reached by the keyboard', async ({
  page,
}) => {
  await logIn(page, site, site.account('kim', 'operator'))
  await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
  await expect(page.locator('body')).toMatchAriaSnapshot(`
    - link "Skip to the page"
    - navigation "Pages":
      - heading "Event" [level=2]
      - list:
        - listitem:
          - link "Overview"
    - banner:
      - status:
        - paragraph: /Running \\d+ on air/
      - group "Control":
        - button "Pause"
        - button "Emergency stop"
    - main:
      - heading "Overview" [level=1]
      - heading "On air" [level=2]
      - img /transmissions on the frequency axis/
      - heading /No alarms|alarm/ [level=2]
      - heading "Next" [level=2]
      - heading "Radios" [level=2]
      - heading "Last transmissions" [level=2]
      - heading "Last 12 hours" [level=2]
  `)
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
