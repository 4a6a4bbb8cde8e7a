import { expect, test, type Page } from '@playwright/test'
import { accessible, everywhere, picture, watch } from './support/look.ts'
import { engine, logInToPlay, player, register, siteOfPlayers } from './support/players.ts'
import { go, opened, type Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => {
  site = await siteOfPlayers()
  site.import(
    'conference: {name: Example CTF}\nchallenges:\n  - {name: BEACON, modulation: cw, frequency: 145550000, text: CQ}\n',
  )
})
test.afterAll(() => site.stop())

const looked = (page: Page, name: string) => everywhere(page, `play-${name}`)

test('a player registers, makes a team, solves a challenge on air and is on the scoreboard', async ({
  browser,
  page,
}) => {
  test.setTimeout(600_000)
  const admin = await opened(browser, site, 'ada', 'admin', '/challenges')
  await admin.page.getByRole('link', { name: 'BEACON' }).click()
  await admin.page.getByRole('button', { name: 'Set the flag' }).click()
  const form = admin.page.getByRole('dialog', { name: 'Set the flag' })
  await form.getByLabel('Points').fill('150')
  await form.getByLabel('Attempts').fill('5')
  await form.getByLabel('Flag', { exact: true }).fill('flag{seventy three}')
  await picture(admin.page, 'flags-dialog')
  await accessible(admin.page)
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(admin.page.getByText('150', { exact: true })).toBeVisible()
  await admin.clean()

  const clean = await watch(page)
  await page.goto(`${site.url}/play`)
  await looked(page, 'log-in')
  await register(page, site, 'mia')
  await looked(page, 'no-team')
  await page.getByLabel('Name of the team').fill('Rotor 7')
  await page.getByRole('button', { name: 'Create' }).click()
  const code = page.getByRole('dialog', { name: 'Join code of your team' })
  await expect(code.locator('pre')).toHaveText(/\S{8,}/)
  await looked(page, 'join-code')
  // The page, which has loaded the team, shows it until it is read.
  await expect(page.locator('main').getByText('0 of 2 solved')).toBeAttached()
  await code.getByRole('button', { name: 'Done' }).click()

  await page.getByRole('link', { name: 'BEACON' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'BEACON' })
  await expect(dialog).toContainText('5 attempts are left.')
  await dialog.getByLabel('Flag').fill('flag{wrong}')
  await dialog.getByLabel('Flag').press('Enter')
  await expect(dialog.getByRole('status')).toHaveText('Wrong. 4 attempts are left.')
  await looked(page, 'challenge')
  await dialog.getByLabel('Flag').fill('flag{seventy three}')
  await dialog.getByRole('button', { name: 'Submit' }).click()
  await expect(dialog.getByRole('status')).toHaveText('Right: 150 points. The challenge is solved.')
  await dialog.getByLabel('Flag').fill('flag{seventy three}')
  await dialog.getByRole('button', { name: 'Submit' }).click()
  await expect(dialog.getByRole('status')).toHaveText('Right, and already counted.')
  await page.keyboard.press('Escape')
  await expect(page.getByText('1 of 2 solved')).toBeVisible()
  await looked(page, 'challenges')

  await page.getByRole('tab', { name: 'Team' }).click()
  await looked(page, 'team')
  await page.getByRole('tab', { name: 'Scoreboard' }).click()
  await expect(page.getByRole('cell', { name: 'Rotor 7 (your team)' })).toBeVisible()
  await looked(page, 'scoreboard')

  // The operators see the same.
  await go(admin.page, site, 'submissions')
  await expect(admin.page.getByRole('cell', { name: 'right again' })).toBeVisible()
  await go(admin.page, site, 'teams')
  await expect(admin.page.getByRole('cell', { name: 'Rotor 7', exact: true })).toBeVisible()
  await clean()
})

test('a login goes on when its access token has ended, with one refresh for all that wait', async ({ page }) => {
  const clean = await watch(page)
  const { password } = await player(site, 'rea')
  await logInToPlay(page, site, 'rea', password)
  await page.evaluate(() => {
    const login = JSON.parse(localStorage.getItem('play-login') ?? '{}') as Record<string, string>
    localStorage.setItem('play-login', JSON.stringify({ ...login, access: 'cctl_access_over' }))
  })
  const refreshes: string[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/api/play/refresh')) refreshes.push(request.url())
  })
  await page.reload()
  await expect(page.getByLabel('Name of the team')).toBeVisible()
  expect(refreshes).toHaveLength(1)

  // When the refresh token has ended as well, the page asks for the password.
  await page.evaluate(() => {
    const login = { username: 'rea', access: 'cctl_access_over', refresh: 'cctl_refresh_over' }
    localStorage.setItem('play-login', JSON.stringify(login))
  })
  await page.reload()
  await expect(page.getByText('Your login has ended')).toBeVisible()
  await logInToPlay(page, site, 'rea', password)
  await page.getByRole('button', { name: 'Log out' }).click()
  await expect(page.getByLabel('User name')).toBeVisible()
  expect(await page.evaluate(() => localStorage.getItem('play-login'))).toBeNull()
  await clean()
})

test('players join by a code; operators ban a team and give a player another password', async ({ browser, page }) => {
  const clean = await watch(page)
  const bob = await player(site, 'bob')
  const { join_code: code } = await bob.post('team', { name: 'Loop' })
  await register(page, site, 'eve')
  await page.getByLabel('Join code').fill('wrong')
  await page.getByRole('button', { name: 'Join' }).click()
  await expect(page.locator('.fault')).toBeVisible()
  await page.getByLabel('Join code').fill(code ?? '')
  await page.getByRole('button', { name: 'Join' }).click()
  await expect(page.getByText('You are in “Loop”')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Basic XSS' })).toBeVisible()

  // Wrong flags are counted for the team.
  for (let n = 0; n < 10; n++) await bob.post('challenges/1/flag', { flag: `flag{${n}}` })
  await page.getByRole('link', { name: 'Basic XSS' }).click()
  const challenge = page.getByRole('dialog', { name: 'Basic XSS' })
  await challenge.getByLabel('Flag').fill('flag{10}')
  await challenge.getByRole('button', { name: 'Submit' }).click()
  await expect(challenge.getByText(/^Too many wrong flags. Try again in (1 min|\d+ s)\.$/)).toBeVisible()
  await expect(challenge.getByRole('button', { name: /^Submit in (1 min|\d+ s)$/ })).toBeDisabled()
  await picture(page, 'play-too-many')
  await page.keyboard.press('Escape')

  const operator = await opened(browser, site, 'oli', 'operator', '/teams')
  await operator.page.getByRole('button', { name: 'Change: Loop' }).click()
  const dialog = operator.page.getByRole('dialog', { name: 'Loop' })
  await dialog.getByLabel('Zone').fill('north')
  await dialog.getByLabel('Banned').check()
  await picture(operator.page, 'change-team')
  await accessible(operator.page)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(operator.page.getByRole('cell', { name: 'banned' })).toBeVisible()
  await operator.page.getByRole('tab', { name: 'Players' }).click()
  await operator.page.getByRole('button', { name: 'Actions: eve' }).click()
  await operator.page.getByRole('menuitem', { name: 'Reset password' }).click()
  const reset = operator.page.getByRole('dialog', { name: 'Reset password: eve' })
  await reset.getByLabel('New password').fill('another that eve knows')
  await reset.getByRole('button', { name: 'Save' }).click()
  await expect(operator.page.getByText('“eve” changed')).toBeVisible()
  await operator.clean()

  await page.reload()
  await expect(page.getByLabel('User name')).toBeVisible()
  await logInToPlay(page, site, 'eve', 'another that eve knows')
  await expect(page.getByRole('alert')).toBeVisible()
  await page.getByRole('tab', { name: 'Team' }).click()
  await expect(page.getByText('The organisers have banned this team.')).toBeVisible()
  await clean()
})

test('a player starts an instance, sees it end, and stops it; a viewer sees it and cannot stop it', async ({
  browser,
  page,
}) => {
  const clean = await watch(page)
  test.setTimeout(600_000)
  const { password, post } = await player(site, 'ivy')
  await post('team', { name: 'Ivies' })
  await logInToPlay(page, site, 'ivy', password)
  await page.getByRole('link', { name: 'Basic XSS' }).click()
  const dialog = page.getByRole('dialog', { name: 'Basic XSS' })
  await dialog.getByRole('button', { name: 'Start' }).click()
  // There is no engine yet.
  await expect(page.getByText(/no container engine is online/)).toBeVisible()
  const flags = await engine(site, 'cellar')
  await dialog.getByRole('button', { name: 'Start' }).click()
  await expect(dialog.getByText('Running')).toBeVisible()
  await expect(dialog.locator('pre')).toHaveText(/^play\.example:30\d\d\d$/)
  await looked(page, 'instance')
  const left = dialog.getByText(/^ends in/)
  const before = await left.textContent()
  await expect(left).not.toHaveText(before ?? '')

  const viewer = await opened(browser, site, 'vic', 'viewer', '/instances')
  await expect(viewer.page.getByRole('cell', { name: 'Ivies' })).toBeVisible()
  await expect(viewer.page.getByRole('button', { name: /^Stop/ })).toHaveCount(0)
  await expect(viewer.page.getByRole('link', { name: 'Submissions' })).toHaveCount(0)
  expect((await viewer.page.request.delete(`${site.url}/api/instances/1`)).status()).toBe(403)
  await viewer.clean()

  const moth = await player(site, 'moth')
  await moth.post('team', { name: 'Moths' })
  await moth.post('challenges/1/flag', { flag: flags[0] })
  const operator = await opened(browser, site, 'olga', 'operator', '/alarms')
  await operator.page.getByRole('heading', { name: 'Flag shared' }).waitFor()
  await picture(operator.page, 'alarm-flag-shared')
  await operator.page.getByRole('link', { name: 'To the submissions' }).click()
  await expect(operator.page.getByRole('cell', { name: /shared, flag of Ivies/ })).toBeVisible()
  await picture(operator.page, 'submissions-shared')
  await accessible(operator.page)
  await go(operator.page, site, 'instances')
  await operator.page.getByRole('button', { name: 'Stop: Basic XSS of Ivies' }).click()
  const asked = operator.page.getByRole('alertdialog')
  await expect(asked).toContainText('Stop “Basic XSS” of “Ivies”?')
  await asked.getByRole('button', { name: 'Stop' }).click()
  await expect(operator.page.getByText('The instance is being stopped')).toBeVisible()
  await operator.clean()

  // The player's page notices by itself.
  await expect(dialog.getByRole('button', { name: 'Start' })).toBeVisible({ timeout: 30_000 })
  await dialog.getByRole('button', { name: 'Start' }).click()
  await expect(dialog.getByText('Running')).toBeVisible()
  await dialog.getByRole('button', { name: 'Extend' }).click()
  await expect(page.getByText('It has its whole time again').or(page.locator('.note.bad'))).toBeVisible()
  await dialog.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Stop' }).click()
  await expect(page.getByText('The instance is stopped')).toBeVisible()
  await clean()
})

test('an instance that takes its time is told as it goes, in the windows of the whole team', async ({ browser }) => {
  const own = await siteOfPlayers()
  const { password, post } = await player(own, 'zoe')
  const { join_code: code } = await post('team', { name: 'Loop' })
  const yan = await player(own, 'yan')
  await yan.post('team/join', { join_code: code })
  let finish: () => void = () => undefined
  await engine(own, 'attic', { until: new Promise<void>((done) => (finish = done)) })
  const [one, other] = [await browser.newPage(), await browser.newPage()]
  for (const [page, name, secret] of [
    [one, 'zoe', password],
    [other, 'yan', yan.password],
  ] as const) {
    await logInToPlay(page, own, name, secret)
    await page.getByRole('link', { name: 'Basic XSS' }).click()
    await expect(page.getByRole('button', { name: 'Start' })).toBeVisible()
  }
  await one.getByRole('button', { name: 'Start' }).click()
  for (const page of [one, other]) {
    await expect(page.getByText('Starting: this takes up to half a minute.')).toBeVisible({ timeout: 30_000 })
    await expect(page.getByText(/^for \d+ s$/)).toBeVisible()
    await expect(page.getByRole('progressbar')).toBeVisible()
  }
  await picture(one, 'play-instance-starting')
  finish()
  for (const page of [one, other]) {
    await expect(page.getByText('Running', { exact: true })).toBeVisible()
    await expect(page.getByText(/^ends in 59:\d\d$/)).toBeVisible()
    await page.context().close()
  }
  own.stop()
})

test('an instance waits for room, lives while its page is seen, and rests before the next one', async ({
  browser,
  page,
}) => {
  const own = await siteOfPlayers()
  const admin = await opened(browser, own, 'ada', 'admin', '/challenges/instances/1')
  await admin.page.getByLabel('Ends without a sign of life after', { exact: true }).fill('10')
  await admin.page.getByLabel('Ends without a sign of life after: unit').selectOption('s')
  await admin.page.getByLabel('Rest before the next one', { exact: true }).fill('2')
  await admin.page.getByLabel('Rest before the next one: unit').selectOption('min')
  await admin.page.getByRole('button', { name: 'Save' }).click()
  await expect(admin.page.getByText('“Basic XSS” saved')).toBeVisible()
  await admin.clean()
  await engine(own, 'closet', { capacity: 1 })
  const first = await player(own, 'fay')
  await first.post('team', { name: 'First' })
  await first.post('challenges/1/instance')

  const { password, post } = await player(own, 'sid')
  await post('team', { name: 'Second' })
  await logInToPlay(page, own, 'sid', password)
  await page.getByRole('link', { name: 'Basic XSS' }).click()
  await page.getByRole('button', { name: 'Start' }).click()
  await expect(page.getByText('It starts as soon as a machine has room for it.')).toBeVisible()
  await picture(page, 'play-instance-queued')
  // The first one, which nobody looks at, ends after ten seconds and makes room.
  await expect(page.getByText('Running', { exact: true })).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText('It ends when none of you has had this page in sight for 10 s.')).toBeVisible()
  let signs = 0
  page.on('request', (request) => {
    if (request.url().endsWith('/heartbeat')) signs += 1
  })
  await expect.poll(() => signs, { timeout: 60_000 }).toBeGreaterThan(4)
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
  await picture(page, 'play-instance-idle')
  const dialog = page.getByRole('dialog', { name: 'Basic XSS' })
  await dialog.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Stop' }).click()
  await dialog.getByRole('button', { name: 'Start' }).click()
  await expect(dialog.getByRole('button', { name: /^Start in / })).toBeDisabled()
  own.stop()
})
