import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { PAGES, radios } from './support/event.ts'
import { accessible, picture } from './support/look.ts'
import { config, go, logIn, opened, Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => {
  site = await Site.start()
  site.command('import', join(config, 'demo.yml'))
  site.runner('roof', radios(site.dir))
})
test.afterAll(() => site.stop())

/** What changes something; sorting, filtering, saving a file and the like do not. */
const CHANGES =
  /^(Pause|Resume|Emergency stop|Release|Open now|Trigger|Save|Delete|Disable|Enable|Add|Drain|Re-enroll|Remove|Acknowledge|Shelve|Bring back|Shut down|New challenge|Import|Show and listen|Make|Actions|Duplicate|Download)/

test('a viewer sees everything but what is for admins, and can change nothing', async ({ browser }) => {
  const { page, clean } = await opened(browser, site, 'vic', 'viewer', '/overview')
  // Where they change their own, or play.
  for (const path of PAGES.filter((it) => it !== 'account' && it !== 'play')) {
    await go(page, site, path)
    await page.waitForLoadState('networkidle')
    const buttons = page.getByRole('button').or(page.getByRole('link'))
    for (const name of await buttons.allTextContents()) expect.soft(name.trim(), path).not.toMatch(CHANGES)
    await expect.soft(page.locator('main input:not([type=search]):enabled'), path).toHaveCount(0)
  }
  for (const path of ['audit', 'users', 'submissions', 'teams', 'challenges/new', 'challenges/import']) {
    await go(page, site, path)
    await expect(page.getByText('Your account may not do this.')).toBeVisible()
  }
  await picture(page, 'forbidden')
  await accessible(page)
  // And if one is asked all the same, the server refuses it.
  for (const path of ['control/pause', 'challenges/1/trigger', 'challenges/1/disable', 'runners/roof/disable']) {
    expect((await page.request.post(`${site.url}/api/${path}`)).status(), path).toBe(403)
  }
  await clean()
})

test('a login that ends asks for another over the page, which stays as it is', async ({ browser }) => {
  const { page, clean, codes } = await opened(browser, site, 'ned', 'operator', '/challenges/1')
  const name = page.getByLabel('Name', { exact: true })
  await name.fill('TYPED BEFORE')
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
  await expect(name).toHaveValue('TYPED BEFORE')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('“TYPED BEFORE” saved')).toBeVisible()
  await clean()
})

test('an operator who becomes a viewer has no buttons after the next login', async ({ browser }) => {
  const { page, clean, codes } = await opened(browser, site, 'dora', 'operator', '/challenges?state=waiting')
  await expect(page.getByRole('button', { name: 'Emergency stop' })).toBeVisible()
  const admin = await (await browser.newContext()).newPage()
  await logIn(admin, site, site.account('alice', 'master'), '/users')
  await admin.getByRole('button', { name: 'Actions: dora' }).click()
  await admin.getByRole('menuitem', { name: 'Change role' }).click()
  await admin.getByRole('dialog').getByLabel('Role').selectOption('viewer')
  await admin.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your login has ended' })
  await expect(dialog).toBeVisible()
  await dialog.getByLabel('Password').fill(site.passwords.get('dora') ?? '')
  await dialog.getByRole('button', { name: 'Log in' }).click()
  await dialog.getByLabel('Code').fill(codes[0] ?? '')
  await dialog.getByRole('button', { name: 'Verify' }).click()
  await expect(dialog).toHaveCount(0)
  expect(page.url()).toContain('/challenges?state=waiting')
  await expect(page.getByRole('button', { name: 'Emergency stop' })).toHaveCount(0)
  await expect(page.getByRole('checkbox', { name: 'Select all' })).toHaveCount(0)
  await clean()
})
