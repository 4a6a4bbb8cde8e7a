import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { PAGES, radios } from './event.ts'
import { accessible, fits, picture, watch } from './look.ts'
import { config, go, logIn, Site, type Account } from './site.ts'

let site: Site
let master: Account
test.beforeAll(async () => {
  site = await Site.start()
  master = site.account('alice', 'master')
  site.command('import', join(config, 'demo.yml'))
  site.runner('roof', radios(site.dir))
})
test.afterAll(() => site.stop())

test('every page in both themes, on a desk and on a phone', async ({ page }) => {
  test.setTimeout(600_000)
  const clean = await watch(page)
  await logIn(page, site, master)
  await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
  for (const name of PAGES) {
    await go(page, site, name)
    await page.waitForLoadState('networkidle')
    for (const [width, height] of [
      [1280, 800],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height })
      for (const theme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: theme })
        await picture(page, `${name.replaceAll('/', '-')}-${theme}-${width}`)
        await test.step(`${name} ${theme} ${width}`, async () => {
          await accessible(page)
          await fits(page, name)
        })
      }
    }
  }
  await page.setViewportSize({ width: 1920, height: 1080 })
  await go(page, site, 'overview')
  await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
  await picture(page, 'overview-1920')
  await clean()
})
