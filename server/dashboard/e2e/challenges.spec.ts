import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { accessible, picture } from './support/look.ts'
import { config, opened, Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => {
  site = await Site.start()
  site.import('challenges: [{name: FIRST, modulation: cw, frequency: 145550000, text: CQ}]\n')
})
test.afterAll(() => site.stop())

interface Modulation {
  name: string
  payload: 'text' | 'file' | 'picture'
  parameters: { name: string; limits: { default: unknown } }[]
}

test('a challenge for every modulation is made by the form', async ({ browser }) => {
  test.setTimeout(180_000)
  const { page, clean } = await opened(browser, site, 'ada', 'admin', '/challenges/new')
  const known = await page.request.get(`${site.url}/api/modulations`)
  const { modulations } = (await known.json()) as { modulations: Modulation[] }
  expect(modulations.length).toBeGreaterThanOrEqual(8)
  for (const { name, payload, parameters } of modulations) {
    await page.goto(`${site.url}/challenges/new`)
    await page.getByLabel('Modulation', { exact: true }).selectOption(name)
    await page.getByLabel('Name', { exact: true }).fill(`MADE ${name}`)
    if (payload !== 'file')
      await page.getByLabel('Text', { exact: true }).fill(name === 'lrs' ? '-s 10 -p 976 -pf 1' : 'CQ FLAG')
    else {
      await page.locator('input[type=file]').setInputFiles(join(config, 'audio/rtty.wav'))
      await expect(page.getByText('rtty.wav')).toBeVisible()
    }
    for (const it of parameters.filter((one) => one.limits.default === null)) {
      const label = (it.name.charAt(0).toUpperCase() + it.name.slice(1)).replaceAll('_', ' ')
      await page.getByLabel(label, { exact: true }).fill('1234567')
    }
    await page.getByLabel('Frequency', { exact: true }).fill('433.5')
    await expect(page.getByRole('heading', { name: 'Can go on air' }), name).toBeVisible()
    if (['cw', 'nbfm', 'paint'].includes(name)) {
      // What every modulation has: a text in the spectrum, before the challenge.
      if (name === 'cw') await page.getByLabel('Watermark', { exact: true }).fill('DEMO CTF')
      await expect(page.getByRole('heading', { name: 'Can go on air' })).toBeVisible()
      await page.getByRole('button', { name: 'Show and listen' }).click()
      await expect(page.getByRole('img', { name: /Spectrogram/ })).toBeVisible()
      await page.getByRole('button', { name: 'Listen' }).click()
      await expect(page.getByRole('button', { name: 'Stop', exact: true })).toBeVisible()
      await picture(page, `preview-${name}`)
      await accessible(page)
    }
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.waitForURL(/challenges\/\d+$/)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(`MADE ${name}`)
  }
  // Wrong input is said while it is typed.
  await page.getByLabel('Frequency', { exact: true }).fill('121.5')
  await expect(page.getByRole('heading', { name: 'Cannot go on air' })).toBeVisible()
  await picture(page, 'cannot-go')
  await accessible(page)
  await clean()
})

test('several challenges at once, from the list, with the keyboard', async ({ browser }) => {
  const { page, clean } = await opened(browser, site, 'kim', 'admin', '/challenges/1')
  await page.getByRole('link', { name: 'Duplicate' }).click()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('FIRST_2')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.waitForURL(/challenges\/\d+$/)
  await page.getByRole('link', { name: 'Challenges', exact: true }).click()
  await page.getByRole('searchbox').fill('FIRST')
  const box = page.getByRole('checkbox', { name: 'Select all' })
  await box.focus()
  await page.keyboard.press('Space')
  const bulk = page.getByRole('group', { name: '2 selected' })
  await bulk.getByRole('button', { name: 'Disable' }).press('Enter')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).press('Enter')
  await expect(page.getByRole('cell', { name: 'disabled', exact: true })).toHaveCount(2)
  await picture(page, 'bulk')
  await accessible(page)
  await bulk.getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('Delete 2 challenges?')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('No challenge matches.')).toBeVisible()
  await clean()
})
