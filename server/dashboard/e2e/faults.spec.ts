import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { HOSTILE, radios } from './event.ts'
import { accessible, picture, watch } from './look.ts'
import { config, logIn, Site } from './site.ts'

let site: Site
test.beforeEach(async () => void (site = await Site.start()))
test.afterEach(() => site.stop())

test('a failing radio, a runner that falls silent, a server that restarts, a network that is lost', async ({
  page,
  context,
}) => {
  test.setTimeout(240_000)
  const master = site.account('alice', 'master')
  site.command('import', join(config, 'demo.yml'))
  // MORSE is longer than the radio keeps: it fails again and again.
  site.runner('roof', radios(site.dir))
  const clean = await watch(page)
  await logIn(page, site, master)
  const failed = page.locator('.row').filter({ hasText: 'failed' }).first()
  await expect(failed).toContainText('keep_bytes', { timeout: 60_000 })
  await page.evaluate(() => document.body.setAttribute('data-same', 'yes'))

  // The runner's host loses its power.
  await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
  site.killRunner('roof')
  const alarm = page.locator('.alarm').filter({ hasText: 'Runner silent' })
  await expect(alarm).toBeVisible({ timeout: 60_000 })
  await picture(page, 'runner-silent')
  await accessible(page)
  await page.getByRole('link', { name: /alarm/ }).first().click()
  await page.getByRole('button', { name: 'Acknowledge' }).first().click()
  await expect(page.getByText('seen by').first()).toContainText('alice')
  await page.getByRole('button', { name: 'Shelve' }).first().click()
  await page.getByLabel('Reason').fill('Looking for a new battery')
  await accessible(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Shelve' }).click()
  await expect(page.getByRole('heading', { name: 'Shelved' })).toBeVisible()
  await picture(page, 'alarm-shelved')
  await page.getByRole('button', { name: 'Bring back' }).click()
  await expect(page.getByRole('heading', { name: 'Shelved' })).toHaveCount(0)

  // The server dies and comes back: the page says so at once, keeps what it shows, and needs no reload.
  const again = await site.crash()
  const lost = page.getByRole('alert').filter({ hasText: 'Connection lost' })
  await expect(lost).toBeVisible()
  await picture(page, 'connection-lost')
  await accessible(page)
  await again()
  await expect(lost).toHaveCount(0, { timeout: 30_000 })
  await expect(page.getByText('Live', { exact: true })).toBeVisible()

  await context.setOffline(true)
  await expect(lost).toBeVisible()
  await context.setOffline(false)
  await expect(lost).toHaveCount(0, { timeout: 30_000 })
  await expect(page.locator('body[data-same]')).toHaveCount(1)
  await clean()
})

test('what runners and names say stays text on every page', async ({ page }) => {
  test.setTimeout(240_000)
  const master = site.account('alice', 'master')
  const { markup, script, long, emoji, direction } = HOSTILE
  site.import(
    `conference: {name: ${JSON.stringify(markup)}}\nchallenges:\n` +
      [markup, emoji, 'W'.repeat(64)]
        .map(
          (name, n) =>
            `  - {name: ${JSON.stringify(name)}, modulation: cw, frequency: ${145_500_000 + n * 100_000}, text: CQ}\n`,
        )
        .join(''),
  )
  const impostor = await site.impostor('roof')
  await impostor.register({
    hostname: `${script}${direction}`.slice(0, 250),
    version: `${markup}${emoji}`.slice(0, 60),
    radios: [{ id: 'a', driver: 'null', model: `${direction}${markup}`.slice(0, 60) }],
  })
  for (const message of Object.values(HOSTILE)) await impostor.send('log', { level: 'ERROR', message })
  const task = await impostor.task()
  await impostor.send('complete', {
    challenge_id: task.challenge_id,
    status: 'failed',
    error: `${markup} ${direction} ${long.slice(0, 900)}`,
  })
  await impostor.task()

  const clean = await watch(page)
  const dialogs: string[] = []
  page.on('dialog', (dialog) => void dialogs.push(dialog.message()))
  await logIn(page, site, master)
  for (const path of [
    'overview',
    'challenges',
    'challenges/1',
    'runners',
    'runners/roof',
    'alarms',
    'transmissions',
    'logs',
    'audit',
    'settings',
    'public',
    'projector',
  ]) {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 })
      await page.goto(`${site.url}/${path}`)
      await expect(page.locator('h1').first()).toBeVisible()
      await page.waitForTimeout(400)
      expect.soft(await page.locator('img, script:not([src])').count(), path).toBe(0)
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect.soft(overflow, `${path} at ${width}`).toBeLessThanOrEqual(0)
      await picture(page, `hostile-${path.replaceAll('/', '-')}-${width}`)
    }
    await accessible(page)
  }
  await page.goto(`${site.url}/logs`)
  await expect(page.getByText(script, { exact: true })).toBeVisible()
  expect(dialogs).toEqual([])
  await clean()
})

test('twenty challenges fit the projector, and the stop is as large as a thumb on a phone', async ({
  page,
  browser,
}) => {
  const lines = Array.from(
    { length: 20 },
    (_, n) => `  - {name: "CHALLENGE_${n + 1}", modulation: cw, frequency: ${144_100_000 + n * 50_000}, text: CQ}\n`,
  )
  site.import(`conference: {name: Example CTF, stop: "2099-01-01T00:00:00Z"}\nchallenges:\n${lines.join('')}`)
  await page.setViewportSize({ width: 1920, height: 1080 })
  await page.goto(`${site.url}/projector`)
  const rows = page.getByRole('listitem')
  await expect(rows).toHaveCount(20)
  for (const row of await rows.all()) await expect(row).toBeInViewport({ ratio: 1 })
  const size = await rows
    .first()
    .locator('.name')
    .evaluate((it) => parseFloat(getComputedStyle(it).fontSize))
  expect(size).toBeGreaterThanOrEqual(34)
  await picture(page, 'projector-20')

  const phone = await (await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true })).newPage()
  await logIn(phone, site, site.account('oli', 'operator'))
  const stop = await phone.getByRole('button', { name: 'Emergency stop' }).boundingBox()
  expect(Math.min(stop?.width ?? 0, stop?.height ?? 0)).toBeGreaterThanOrEqual(64)
  await phone.getByRole('button', { name: 'More' }).click()
  const wall = await (await browser.newContext({ viewport: { width: 1920, height: 1080 } })).newPage()
  await logIn(wall, site, site.account('wil', 'viewer'))
  const large = await wall.locator('.state .label').evaluate((it) => parseFloat(getComputedStyle(it).fontSize))
  expect(large).toBeGreaterThanOrEqual(47)
  await picture(phone, 'phone-more')
  await phone.getByRole('link', { name: 'Transmissions' }).click()
  await expect(phone.getByRole('heading', { level: 1, name: 'Transmissions' })).toBeVisible()
})
