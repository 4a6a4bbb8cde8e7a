import { expect, test, type Page } from '@playwright/test'
import { everywhere, watch } from './support/look.ts'
import { logInToPlay, player, siteOfPlayers } from './support/players.ts'
import { Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => void (site = await siteOfPlayers()))
test.afterAll(() => site.stop())

/** Whether a token plays. */
const plays = async (token: string) =>
  (await fetch(`${site.url}/api/play/me`, { headers: { Authorization: `Bearer ${token}` } })).status

test('a player makes a token for a program and revokes it, and changes the password', async ({ page }) => {
  test.setTimeout(600_000)
  const clean = await watch(page)
  const { password } = await player(site, 'mia')
  await logInToPlay(page, site, 'mia', password)
  await page.getByRole('tab', { name: 'Account' }).click()
  await expect(page.getByText('You have no tokens.')).toBeVisible()
  await page.getByLabel('Name', { exact: true }).fill('<b>solver</b> on the laptop')
  await page.getByLabel('Valid for').selectOption('7 days')
  await page.getByRole('button', { name: 'Make a token' }).click()
  const shown = page.getByRole('dialog', { name: 'Your new token' })
  const token = (await shown.locator('pre').textContent()) ?? ''
  expect(token).toMatch(/^cctl_token_/)
  await everywhere(page, 'play-token')
  await page.keyboard.press('Escape')
  await shown.getByRole('button', { name: 'Done' }).click()
  await expect(shown).toBeHidden()
  await expect(page.getByText('<b>solver</b> on the laptop')).toBeVisible()
  await expect(page.getByText(/ends in 6 d 23 h/)).toBeVisible()
  expect(await plays(token)).toBe(200)
  await everywhere(page, 'play-account')
  await page.getByRole('button', { name: 'Revoke: <b>solver</b> on the laptop' }).click()
  const asked = page.getByRole('alertdialog', { name: 'Revoke “<b>solver</b> on the laptop”?' })
  await asked.getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByText('You have no tokens.')).toBeVisible()
  expect(await plays(token)).toBe(401)

  // A wrong password is no end of the login, and is sent once.
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(new URL(request.url()).pathname)
  })
  await page.getByLabel('Current password').fill('not this one')
  await page.getByLabel('New password').fill('another that mia knows')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('The current password is wrong.')).toBeVisible()
  expect(sent).toEqual(['/api/play/password'])
  await page.getByLabel('Current password').fill(password)
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('Password changed. Your other logins have ended.')).toBeVisible()
  await page.getByRole('button', { name: 'Log out' }).click()
  await logInToPlay(page, site, 'mia', 'another that mia knows')
  await clean()
})

test('two windows without TLS that refresh the login at once both stay logged in', async ({ browser }) => {
  const context = await browser.newContext()
  // As over plain HTTP, where windows cannot take turns.
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }))
  const [one, other] = [await context.newPage(), await context.newPage()]
  const { password } = await player(site, 'two')
  await logInToPlay(one, site, 'two', password)
  await one.evaluate(() => {
    const login = JSON.parse(localStorage.getItem('play-login') ?? '{}') as Record<string, string>
    localStorage.setItem('play-login', JSON.stringify({ ...login, access: 'cctl_access_over' }))
  })
  const held: (() => void)[] = []
  const answers: number[] = []
  await context.route('**/api/play/refresh', async (route) => {
    await new Promise<void>((go) => {
      held.push(go)
      if (held.length === 2) for (const it of held) it()
    })
    const answer = await route.fetch()
    answers.push(answer.status())
    await route.fulfill({ response: answer })
  })
  await Promise.all([one.reload(), other.goto(`${site.url}/play`)])
  for (const page of [one, other]) {
    await expect(page.getByLabel('Name of the team')).toBeVisible()
    await page.getByRole('tab', { name: 'Account' }).click()
    await expect(page.getByText('You have no tokens.')).toBeVisible()
  }
  expect(answers.sort()).toEqual([200, 409])
  await context.close()
})

/** The page of players at a server of its own. */
async function entered(page: Page, registration: string) {
  const own = await Site.start({ settings: `players: {registration: ${registration}}\n` })
  const clean = await watch(page)
  await page.goto(`${own.url}/play`)
  return async () => {
    await clean()
    own.stop()
  }
}

test('where registration is closed the page offers none and says so', async ({ page }) => {
  const end = await entered(page, 'closed')
  await expect(page.getByText('Registration is closed. Ask the organisers.')).toBeVisible()
  await expect(page.getByRole('tab')).toHaveCount(0)
  await everywhere(page, 'play-closed')
  await end()
})

test('where registration is open nobody is asked for a code', async ({ page }) => {
  const end = await entered(page, 'open')
  await page.getByRole('tab', { name: 'Register' }).click()
  await expect(page.getByLabel('Registration code')).toHaveCount(0)
  await everywhere(page, 'play-open')
  await page.getByLabel('User name').fill('ola')
  await page.getByLabel('Password').fill('what only ola knows')
  await page.getByRole('button', { name: 'Register' }).click()
  await expect(page.getByText(/^You play in teams of up to 4\./)).toBeVisible()
  await end()
})
