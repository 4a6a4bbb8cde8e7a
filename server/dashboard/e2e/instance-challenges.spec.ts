import { expect, test, type Page } from '@playwright/test'
import { HOSTILE } from './support/event.ts'
import { everywhere, fits, picture } from './support/look.ts'
import { siteOfPlayers } from './support/players.ts'
import { go, opened, type Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => void (site = await siteOfPlayers()))
test.afterAll(() => site.stop())

const COMPOSE = `name: guest-book
services:
  web:
    image: localhost/guest-book:1
    ports: ["8080:80"]
    environment: {MOTD: ${JSON.stringify(HOSTILE.markup)}}
    privileged: true
    container_name: ${JSON.stringify(HOSTILE.direction)}
  db:
    image: localhost/db:1
`
const CTFCLI = `name: Rot thirteen
category: crypto
description: Turn it.
value: 75
type: standard
flags: ["flag{turned}"]
tags: [rot]
image: localhost/rot:1
protocol: http
`

/** Chooses a file in the form. */
const choose = (page: Page, name: string, text: string) =>
  page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/yaml', buffer: Buffer.from(text) })

test('an admin makes a challenge that players start, changes it, copies it and deletes it', async ({ browser }) => {
  test.setTimeout(600_000)
  const { page, clean } = await opened(browser, site, 'ada', 'admin', '/challenges')
  await page.getByRole('link', { name: 'With instances' }).click()
  await expect(page.getByRole('link', { name: 'Basic XSS' })).toBeVisible()
  await everywhere(page, 'instance-challenges')
  await page.getByRole('link', { name: 'New challenge' }).click()
  await page.getByLabel('Name', { exact: true }).first().fill('Echo service')
  await page.getByLabel('Category').fill('pwn')
  await page.getByLabel('Description').fill('It repeats what it hears.')
  await page.getByLabel('Image').fill('localhost/echo:1')
  await page.getByLabel('Ports that players reach').fill('7/tcp\n80/http')
  await page.getByRole('button', { name: 'Another variable' }).click()
  await page.getByLabel('Environment 1: Variable').fill('GREETING')
  await page.getByLabel('Environment 1: Value').fill('hello')
  await page.getByLabel('It counts as started only when a port answers').check()
  await page.getByLabel('Port', { exact: true }).fill('7/tcp')
  await page.getByText('Program, user, capabilities, secrets').click()
  await page.getByLabel('NET_BIND_SERVICE').check()
  await page.getByLabel('Life', { exact: true }).fill('90')
  await page.getByLabel('Life: unit').selectOption('min')
  await page.getByLabel('These flags').check()
  await page.getByLabel('Flag', { exact: true }).fill('flag{echo}')
  await everywhere(page, 'instance-challenge-form')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Echo service' })).toBeVisible()
  await expect(page.getByLabel('Id', { exact: true })).toHaveValue('echo-service')
  await expect(page.getByLabel('Life', { exact: true })).toHaveValue('90')
  await expect(page.getByLabel('Keep the flags that it has')).toBeChecked()

  // Another image is another version.
  await page.getByLabel('Image').fill('localhost/echo:2')
  await page.getByLabel('Points').fill('300')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('“Echo service” saved').last()).toBeVisible()
  await page.getByRole('button', { name: 'Duplicate' }).click()
  await expect(page.getByLabel('Name', { exact: true }).first()).toHaveValue('Echo service 2')
  await page.getByLabel('Image').fill('not an image')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('alert')).toContainText('image')
  await picture(page, 'instance-challenge-refused')
  await page.getByLabel('Image').fill('localhost/echo:3')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { level: 1, name: 'Echo service 2' }).waitFor()

  await go(page, site, 'challenges/instances')
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'Echo service', exact: true }) })
  await expect(row).toContainText('300')
  await expect(row.getByRole('cell').nth(5)).toHaveText('2')
  await page.getByRole('button', { name: 'Actions: Echo service 2' }).click()
  await page.getByRole('menuitem', { name: 'Hide' }).click()
  await expect(page.getByRole('cell', { name: 'hidden' })).toBeVisible()
  await page.getByRole('button', { name: 'Actions: Echo service 2' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('link', { name: 'Echo service 2' })).toHaveCount(0)
  await clean()
})

test('a Compose file and a challenge.yml are read into the form, with what becomes of each line', async ({
  browser,
}) => {
  test.setTimeout(600_000)
  const { page, clean } = await opened(browser, site, 'ira', 'admin', '/challenges/instances/new')
  await choose(page, 'compose.yml', COMPOSE)
  await expect(page.getByText('Read from “compose.yml”')).toBeVisible()
  await expect(page.getByRole('heading', { name: /^Refused \(\d\)$/ })).toBeVisible()
  await expect(page.getByText('line 7', { exact: true })).toBeVisible()
  await expect(page.getByText('services.web.privileged')).toBeVisible()
  await expect(page.getByLabel('Image')).toHaveCount(2)
  await expect(page.getByLabel('Environment 1: Value').first()).toHaveValue(HOSTILE.markup)
  await everywhere(page, 'instance-challenge-read')
  await fits(page, 'the findings')
  await page.getByLabel('Name', { exact: true }).first().fill(HOSTILE.markup)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { level: 1, name: HOSTILE.markup })).toBeVisible()

  await go(page, site, 'challenges/instances/new')
  await choose(page, 'challenge.yml', CTFCLI)
  await expect(page.getByText('Read from “challenge.yml”')).toBeVisible()
  await expect(page.getByLabel('Name', { exact: true }).first()).toHaveValue('Rot thirteen')
  await expect(page.getByLabel('Flag', { exact: true })).toHaveValue('flag{turned}')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Rot thirteen' })).toBeVisible()

  // What is no such file says so, and leaves the form.
  await choose(page, 'notes.yml', 'services: 7\n')
  await expect(page.getByText('The file has no challenge that can be read.')).toBeVisible()
  await expect(page.getByLabel('Name', { exact: true }).first()).toHaveValue('Rot thirteen')
  await clean()
})

test('an operator changes what players read, and never sees what instances consist of', async ({ browser }) => {
  const operator = await opened(browser, site, 'oli', 'operator', '/challenges/instances')
  await operator.page.getByRole('link', { name: 'Basic XSS' }).click()
  await expect(operator.page.getByText('Only admins see what its instances consist of.')).toBeVisible()
  await expect(operator.page.getByLabel('Image')).toHaveCount(0)
  await operator.page.getByLabel('Category').fill('pages')
  await operator.page.getByRole('button', { name: 'Save' }).click()
  await expect(operator.page.getByText('“Basic XSS” saved')).toBeVisible()
  await operator.clean()
  const viewer = await opened(browser, site, 'vic', 'viewer', '/challenges/instances')
  await expect(viewer.page.getByRole('cell', { name: 'pages' })).toBeVisible()
  await expect(viewer.page.getByRole('button', { name: /^Actions/ })).toHaveCount(0)
  await viewer.page.getByRole('link', { name: 'Basic XSS' }).click()
  await expect(viewer.page.getByLabel('Category')).toBeDisabled()
  await expect(viewer.page.getByRole('button', { name: 'Save' })).toHaveCount(0)
  await viewer.clean()
})

test('a container names a secret, which the page of secrets then shows as used', async ({ browser }) => {
  const { page, clean } = await opened(browser, site, 'sue', 'admin', '/instances')
  await page.getByRole('tab', { name: 'Secrets' }).click()
  await page.getByLabel('Name', { exact: true }).fill('api-key')
  await page.getByLabel('Value', { exact: true }).fill('known to nobody')
  await page.getByRole('button', { name: 'Set' }).click()
  await expect(page.getByText('api-key', { exact: true })).toBeVisible()
  await go(page, site, 'challenges/instances')
  await page.getByRole('link', { name: 'Basic XSS' }).click()
  await page.getByText('Program, user, capabilities, secrets').click()
  await page.getByRole('button', { name: 'Another secret' }).click()
  await page.getByLabel('Secrets 1: Variable').fill('API_KEY')
  await page.getByLabel('Secrets 1: Name of the secret').fill('api-key')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('“Basic XSS” saved')).toBeVisible()
  await go(page, site, 'instances')
  await page.getByRole('tab', { name: 'Secrets' }).click()
  await expect(page.getByText('used by web-basic-xss')).toBeVisible()
  expect(await page.content()).not.toContain('known to nobody')
  await everywhere(page, 'secrets')
  await clean()
})

test('texts that ctfcli or an event file has made are listed', async ({ browser }) => {
  const { page, clean } = await opened(browser, site, 'tex', 'admin', '/challenges/texts')
  await expect(page.getByText('There is no text.')).toBeVisible()
  const data = { name: 'Warm up', type: 'standard', category: 'misc', value: 75, state: 'hidden' }
  const made = await page.request.post(`${site.url}/api/v1/challenges`, { data })
  expect(made.ok(), await made.text()).toBe(true)
  await page.reload()
  const row = page.getByRole('row', { name: /Warm up/ })
  await expect(row).toContainText('75')
  await expect(row).toContainText('do not see it')
  await everywhere(page, 'text-challenges')
  await clean()
})
