import { join } from 'node:path'
import { expect, test, type Browser } from '@playwright/test'
import { radios } from './event.ts'
import { accessible, picture, watch } from './look.ts'
import { config, logIn, Site, type Account } from './site.ts'

let site: Site
let master: Account
test.beforeAll(async () => {
  site = await Site.start()
  master = site.account('alice', 'master')
  site.command('import', join(config, 'demo.yml'))
  site.runner('roof', radios(site.dir))
})
test.afterAll(() => site.stop())

/** A page in a browser of its own, with the login of a new account. */
async function opened(browser: Browser, name: string, role: string, path: string) {
  const page = await (await browser.newContext()).newPage()
  const clean = await watch(page)
  const codes = await logIn(page, site, site.account(name, role), path)
  return { page, clean, codes }
}

test('pause, emergency stop and release reach everybody, with who and when', async ({ browser }) => {
  const { page, clean } = await opened(browser, 'oli', 'operator', '/logs')
  const { page: viewer } = await opened(browser, 'vic', 'viewer', '/overview')
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(viewer.getByRole('status').filter({ hasText: 'Paused' })).toContainText('by oli since')
  await picture(viewer, 'paused')
  await accessible(viewer)
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(viewer.getByRole('status').filter({ hasText: 'Running' })).toBeVisible()
  await expect(viewer.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })

  await page.getByRole('button', { name: 'Emergency stop' }).click()
  await expect(viewer.getByRole('status').filter({ hasText: 'Emergency stop' })).toContainText('by oli since')
  await expect(viewer.locator('.card')).toHaveCount(0, { timeout: 30_000 })
  await picture(viewer, 'stopped')
  await accessible(viewer)
  // Letting go again asks; the focus is on the answer that changes nothing.
  await page.getByRole('button', { name: 'Release' }).click()
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await accessible(page)
  await page.getByRole('alertdialog').getByRole('button', { name: 'Release' }).click()
  await expect(viewer.getByRole('status').filter({ hasText: 'Running' })).toBeVisible()

  await expect(viewer.getByRole('button', { name: 'Emergency stop' })).toHaveCount(0)
  for (const path of ['challenges', 'challenges/1', 'runners', 'runners/roof', 'alarms', 'settings']) {
    await viewer.goto(`${site.url}/${path}`)
    await expect(viewer.locator('h1').first()).toBeVisible()
    for (const name of [
      'Trigger',
      'Save',
      'Delete',
      'Disable',
      'Add a runner',
      'Drain',
      'Shelve',
      'Shut down',
      'New challenge',
    ]) {
      await expect(viewer.getByRole('button', { name, exact: true })).toHaveCount(0)
    }
  }
  await viewer.goto(`${site.url}/users`)
  await clean()
})

test('a challenge for every modulation is made by the form', async ({ browser }) => {
  test.setTimeout(180_000)
  const { page, clean } = await opened(browser, 'ada', 'admin', '/challenges/new')
  const { modulations } = (await (await page.request.get(`${site.url}/api/modulations`)).json()) as {
    modulations: {
      name: string
      payload: string
      parameters: { name: string; limits: { default: unknown; min: number } }[]
    }[]
  }
  expect(modulations.length).toBeGreaterThanOrEqual(6)
  for (const { name, payload, parameters } of modulations) {
    await page.goto(`${site.url}/challenges/new`)
    await page.getByLabel('Modulation', { exact: true }).selectOption(name)
    await page.getByLabel('Name', { exact: true }).fill(`MADE ${name}`)
    if (payload === 'text')
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
    if (['cw', 'nbfm', 'pocsag'].includes(name)) {
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
  await clean()
})

test('several challenges at once, from the list, with the keyboard', async ({ browser }) => {
  const { page, clean } = await opened(browser, 'kim', 'admin', '/challenges?search=MADE')
  const box = page.getByRole('checkbox', { name: 'Select all' })
  await box.focus()
  await page.keyboard.press('Space')
  const bulk = page.getByRole('group', { name: /selected/ })
  await expect(bulk).toBeVisible()
  const count = await page.getByRole('row').count()
  await bulk.getByRole('button', { name: 'Disable' }).press('Enter')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Disable' }).press('Enter')
  await expect(page.getByRole('cell', { name: 'disabled', exact: true })).toHaveCount(count - 1)
  await picture(page, 'bulk')
  await bulk.getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('alertdialog')).toContainText(`Delete ${count - 1} challenges?`)
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('No challenge matches.')).toBeVisible()
  await clean()
})

test('an import that is refused says why, line by line', async ({ browser }) => {
  const { page, clean } = await opened(browser, 'ira', 'admin', '/challenges/import')
  const event =
    'challenges:\n  - {name: GOOD, modulation: cw, frequency: 145700000, text: CQ}\n' +
    '  - {name: BAD, modulation: cw, frequency: 145750000, text: "{}"}\n  - {name: LOST, modulation: nbfm, frequency: 145800000, file: no.wav}\n'
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'challenges.yml', mimeType: 'text/yaml', buffer: Buffer.from(event) })
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Nothing was imported' })).toBeVisible()
  await expect(page.getByText('no.wav')).toBeVisible()
  await picture(page, 'import-refused')
  await accessible(page)
  await page.getByLabel('Take what is right').check()
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Imported in part' })).toBeVisible()
  await expect(page.getByText('1 added')).toBeVisible()
  await clean()
})

test('a login that ends, and a role that changes, ask to log in again over the page', async ({ browser }) => {
  const { page, clean, codes } = await opened(browser, 'ned', 'operator', '/challenges?state=waiting')
  await page.request.post(`${site.url}/api/auth/logout`)
  const dialog = page.getByRole('dialog', { name: 'Your login has ended' })
  await expect(dialog).toBeVisible()
  await accessible(page)
  await picture(page, 'login-ended')
  await expect(dialog.getByLabel('User name')).toHaveValue('ned')
  await dialog.getByLabel('Password').fill(site.passwords.get('ned') ?? '')
  await dialog.getByRole('button', { name: 'Log in' }).click()
  await dialog.getByLabel('Code').fill(codes[0] ?? '')
  await dialog.getByRole('button', { name: 'Verify' }).click()
  await expect(dialog).toHaveCount(0)
  expect(page.url()).toContain('/challenges?state=waiting')
  await expect(page.getByRole('button', { name: 'Emergency stop' })).toBeVisible()

  const admin = await (await browser.newContext()).newPage()
  await logIn(admin, site, master)
  await admin.request.put(`${site.url}/api/users/ned`, { data: { role: 'viewer' } })
  await expect(dialog).toBeVisible()
  await clean()
})
