import { expect, test } from '@playwright/test'
import { accessible, fits, picture, watch } from './support/look.ts'
import { go, logIn, Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => {
  site = await Site.start()
  const lines = Array.from(
    { length: 20 },
    (_, n) => `  - {name: "CHALLENGE_${n + 1}", modulation: cw, frequency: ${144_100_000 + n * 50_000}, text: CQ}\n`,
  )
  site.import(`conference: {name: Example CTF, stop: "2099-01-01T00:00:00Z"}\nchallenges:\n${lines.join('')}`)
})
test.afterAll(() => site.stop())

test('twenty challenges fit the projector, and are read from the back of the hall', async ({ page }) => {
  const clean = await watch(page)
  const roof = await site.impostor('roof')
  await roof.register({ radios: [{ id: 'a', driver: 'air' }] })
  await page.setViewportSize({ width: 1920, height: 1080 })
  await go(page, site, 'projector')
  const rows = page.getByRole('listitem')
  await expect(rows).toHaveCount(20)
  // On a picture of 2 m width, letters of 34 px are read at 5 m.
  for (const row of await rows.all()) await expect(row).toBeInViewport({ ratio: 1 })
  const name = rows.first().locator('.name')
  expect(await name.evaluate((it) => parseFloat(getComputedStyle(it).fontSize))).toBeGreaterThanOrEqual(34)
  expect(await name.evaluate((it) => it.scrollWidth <= it.clientWidth)).toBe(true)
  // It needs no login, and shows what goes on air without being asked.
  const { challenge_id } = await roof.task()
  await expect(page.locator('.row.live .name')).toHaveCount(1)
  await picture(page, 'projector-20')
  await accessible(page)
  await roof.send('complete', { challenge_id, status: 'success' })
  await expect(page.locator('.row.live')).toHaveCount(0)
  await clean()
})

test('on a phone the stop is as large as a thumb, and every page is reached', async ({ browser }) => {
  const phone = await (await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true })).newPage()
  await logIn(phone, site, site.account('oli', 'operator'))
  const stop = await phone.getByRole('button', { name: 'Emergency stop' }).boundingBox()
  expect(Math.min(stop?.width ?? 0, stop?.height ?? 0)).toBeGreaterThanOrEqual(64)
  await phone.getByRole('button', { name: 'More' }).click()
  await picture(phone, 'phone-more')
  await accessible(phone)
  await phone.getByRole('link', { name: 'Transmissions' }).click()
  await expect(phone.getByRole('heading', { level: 1, name: 'Transmissions' })).toBeVisible()
  await phone.setViewportSize({ width: 320, height: 640 })
  for (const path of ['overview', 'challenges', 'challenges/1', 'alarms', 'runners']) {
    await go(phone, site, path)
    await fits(phone, `${path} at 320`)
  }
})

test('what counts at two metres is large on a screen on the wall', async ({ browser }) => {
  const wall = await (await browser.newContext({ viewport: { width: 1920, height: 1080 } })).newPage()
  await logIn(wall, site, site.account('wil', 'viewer'))
  const large = await wall.locator('.state .label').evaluate((it) => parseFloat(getComputedStyle(it).fontSize))
  expect(large).toBeGreaterThanOrEqual(47)
})
