import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { PAGES, radios } from './support/event.ts'
import { accessible, fits, picture, watch } from './support/look.ts'
import { config, go, logIn, Site } from './support/site.ts'

// Each with a server of its own.
test.describe.configure({ mode: 'parallel' })
let site: Site
test.beforeAll(async () => {
  site = await Site.start()
  site.command('import', join(config, 'demo.yml'))
  site.runner('roof', radios(site.dir))
})
test.afterAll(() => site.stop())

for (const [where, width, height] of [
  ['on a desk', 1280, 800],
  ['on a phone', 390, 844],
] as const) {
  test(`every page in both themes, ${where}`, async ({ page }) => {
    test.setTimeout(600_000)
    const clean = await watch(page)
    await page.setViewportSize({ width, height })
    await logIn(page, site, site.account('alice', 'master'))
    await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
    for (const path of PAGES) {
      await page.emulateMedia({ colorScheme: 'light' })
      await go(page, site, path)
      await page.waitForLoadState('networkidle')
      const name = path.replaceAll('/', '-')
      await picture(page, `${name}-light-${width}`)
      await test.step(`${path} light`, () => accessible(page))
      await fits(page, path)
      await page.emulateMedia({ colorScheme: 'dark' })
      await picture(page, `${name}-dark-${width}`)
      await test.step(`${path} dark`, () => accessible(page, 'colours'))
    }
    await page.setViewportSize({ width: 1920, height: 1080 })
    await go(page, site, 'overview')
    await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
    await picture(page, 'overview-1920')
    await clean()
  })
}
