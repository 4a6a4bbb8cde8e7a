import { expect, test } from '@playwright/test'
import { HOSTILE, PAGES } from './support/event.ts'
import { fits, picture, watch } from './support/look.ts'
import { engine, logInToPlay, player, setFlag, siteOfPlayers } from './support/players.ts'
import { go, logIn, type Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => void (site = await siteOfPlayers()))
test.afterAll(() => site.stop())

test('what runners and names say stays text on every page', async ({ page }) => {
  test.setTimeout(240_000)
  const { markup, script, long, emoji, direction } = HOSTILE
  const names = [markup, emoji, 'W'.repeat(64)].map(
    (name, n) =>
      `  - {name: ${JSON.stringify(name)}, modulation: cw, frequency: ${145_500_000 + n * 100_000}, text: CQ}\n`,
  )
  site.import(`conference: {name: ${JSON.stringify(markup)}}\nchallenges:\n${names.join('')}`)
  const impostor = await site.impostor('roof')
  await impostor.register({
    hostname: `${script}${direction}`.slice(0, 250),
    version: `${markup}${emoji}`.slice(0, 60),
    radios: [{ id: 'a', driver: script, model: `${direction}${markup}`.slice(0, 60) }],
    failed_radios: [{ id: 'b', reason: `${markup} ${direction} ${long.slice(0, 700)}` }],
  })
  for (const message of Object.values(HOSTILE)) await impostor.send('log', { level: 'ERROR', message })
  const task = await impostor.task()
  const error = `${markup} ${direction} ${long.slice(0, 900)}`
  await impostor.send('complete', { challenge_id: task.challenge_id, status: 'failed', error })
  await impostor.task()

  const clean = await watch(page)
  const dialogs: string[] = []
  page.on('dialog', (dialog) => void dialogs.push(dialog.message()))
  await logIn(page, site, site.account('alice', 'master'))
  await expect(page.locator('.alarm').filter({ hasText: 'Radio fails' })).toContainText(markup)
  await engine(site, 'cellar')
  for (const [n, name] of [markup, '🏴💀 Flagge ﷽', 'W'.repeat(64)].entries()) {
    const { password, post } = await player(site, `p${n}${'W'.repeat(62)}`)
    await post('team', { name })
    await setFlag(page, site, task.challenge_id, script)
    for (const flag of [markup, script]) await post(`challenges/${task.challenge_id}/flag`, { flag })
    await post('challenges/1/instance')
    await logInToPlay(page, site, `p${n}${'W'.repeat(62)}`, password)
    await page.getByRole('tab', { name: 'Scoreboard' }).click()
    await picture(page, `hostile-scoreboard-${n}`)
    // Where the line has no room for a name, the whole of it is one step away.
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('button', { name, exact: true }).press('Enter')
    await expect(page.getByRole('dialog').getByRole('heading', { name, exact: true })).toBeVisible()
    await fits(page, `the standing of ${name}`)
    await picture(page, `hostile-standing-${n}`)
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1280, height: 800 })
    if (n < 2) await page.getByRole('button', { name: 'Log out' }).click()
  }
  // What the author of a challenge writes, and what its containers are given.
  const own = { category: script, difficulty: markup, author: direction, tags: [long, markup], hints: [script, long] }
  const container = { image: 'a', environment: { [emoji]: script }, command: [long, script] }
  const data = {
    name: markup,
    description: `${markup} ${long}`,
    ...own,
    spec: { containers: [container] },
  }
  const made = await page.request.post(`${site.url}/api/instance-challenges`, { data })
  expect(made.ok(), await made.text()).toBe(true)
  const { challenge_id } = (await made.json()) as { challenge_id: number }
  for (const path of [...PAGES, `challenges/instances/${challenge_id}`]) {
    await go(page, site, path)
    await page.waitForLoadState('networkidle')
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 })
      expect.soft(await page.locator('img, script:not([src])').count(), path).toBe(0)
      await fits(page, `${path} at ${width}`)
      await picture(page, `hostile-${path.replaceAll('/', '-')}-${width}`)
    }
  }
  await go(page, site, 'logs')
  await expect(page.getByText(script, { exact: true })).toBeVisible()
  expect(dialogs).toEqual([])
  await clean()
})
