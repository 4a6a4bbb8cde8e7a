import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { radios } from './event.ts'
import { accessible, picture, watch } from './look.ts'
import { config, logIn, Site, type Account } from './site.ts'

const pages = [
  'overview',
  'challenges',
  'challenges/1',
  'challenges/new',
  'challenges/import',
  'runners',
  'runners/roof',
  'air',
  'alarms',
  'transmissions',
  'logs',
  'audit',
  'users',
  'settings',
  'account',
  'start',
  'public',
  'projector',
  'receive',
]

let site: Site
let master: Account
test.beforeAll(async () => {
  site = await Site.start()
  master = site.account('alice', 'master')
  site.command('import', join(config, 'demo.yml'))
  expect(readFileSync(join(config, 'demo.yml'), 'utf8')).toContain('MORSE')
  site.runner('roof', radios(site.dir))
})
test.afterAll(() => site.stop())

test('every page in both themes and on a phone', async ({ page }) => {
  test.setTimeout(1_200_000)
  const clean = await watch(page)
  await page.emulateMedia({ colorScheme: 'light' })
  await logIn(page, site, master)
  await expect(page.getByText('on air', { exact: false }).first()).toBeVisible()
  await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
  for (const name of pages) {
    await page.goto(`${site.url}/${name}`)
    await expect(page.locator('h1').first()).toBeVisible()
    await page.waitForLoadState('networkidle').catch(() => undefined)
    const file = name.replaceAll('/', '-')
    for (const [theme, width, height] of [
      ['light', 1280, 800],
      ['dark', 1280, 800],
      ['light', 390, 844],
      ['dark', 390, 844],
    ] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme: theme })
      await picture(page, `${file}-${theme}-${width}`)
      await test.step(`${name} ${theme} ${width}`, async () => {
        await accessible(page)
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        )
        expect.soft(overflow, 'sideways scrolling').toBeLessThanOrEqual(0)
      })
    }
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  await page.setViewportSize({ width: 1920, height: 1080 })
  await page.goto(`${site.url}/overview`)
  await expect(page.locator('.card.on_air').first()).toBeVisible()
  await picture(page, 'overview-1920')
  await clean()
})
