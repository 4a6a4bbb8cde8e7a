import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { accessible, picture } from './support/look.ts'
import { config, opened, Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => void (site = await Site.start()))
test.afterAll(() => site.stop())

test('an event is imported with its files and its report, exported, and imported again', async ({ browser }) => {
  const { page, clean } = await opened(browser, site, 'ada', 'admin', '/challenges/import')
  const event = join(config, 'challenges.yml')
  const named = [...readFileSync(event, 'utf8').matchAll(/^\s+file: (\S+)/gm)].map(([, file = '']) =>
    join(config, file),
  )
  await page.locator('input[type=file]').setInputFiles([event, ...new Set(named)])
  await picture(page, 'import-chosen')
  await accessible(page)
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Imported', exact: true })).toBeVisible()
  const counts = page.getByText(/\d+ challenges: \d+ added/)
  const [, all] = /(\d+) challenges: \1 added, 0 updated/.exec((await counts.textContent()) ?? '') ?? []
  expect(Number(all)).toBeGreaterThanOrEqual(6)
  await picture(page, 'import-event')
  await accessible(page)
  await page.getByRole('main').getByRole('link', { name: 'Challenges' }).click()
  await expect(page.getByRole('row')).toHaveCount(Number(all) + 1)

  await page.getByRole('button', { name: 'More' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Export' }).click()
  const archive = join(site.dir, 'event.tar')
  await (await download).saveAs(archive)
  await page.goto(`${site.url}/challenges/import`)
  await page.locator('input[type=file]').setInputFiles(archive)
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByText(`${all} challenges: 0 added, 0 updated, ${all} unchanged`)).toBeVisible()
  await clean()
})

test('an import that is refused says why, line by line, and takes what is right when asked to', async ({ browser }) => {
  const { page, clean } = await opened(browser, site, 'ira', 'admin', '/challenges/import')
  const event =
    'challenges:\n  - {name: GOOD, modulation: cw, frequency: 145700000, text: CQ}\n' +
    '  - {name: BAD, modulation: cw, frequency: 145750000, text: "{}"}\n  - {name: LOST, modulation: nbfm, frequency: 145800000, file: no.wav}\n'
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'challenges.yml', mimeType: 'text/yaml', buffer: Buffer.from(event) })
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Nothing was imported' })).toBeVisible()
  await expect(page.locator('.report .notice')).toHaveCount(2)
  await expect(page.getByText('no.wav')).toBeVisible()
  await picture(page, 'import-refused')
  await accessible(page)
  await page.getByLabel('Take what is right').check()
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Imported in part' })).toBeVisible()
  await expect(page.getByText('1 added')).toBeVisible()
  await clean()
})
