import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { PAGES, radios } from './support/event.ts'
import { accessible, fits, picture, watch } from './support/look.ts'
import { engine, logInToPlay, player, setFlag, siteOfPlayers } from './support/players.ts'
import { config, go, logIn, type Site } from './support/site.ts'

// Each with a server of its own.
test.describe.configure({ mode: 'parallel' })
let site: Site
test.beforeAll(async () => {
  site = await siteOfPlayers()
  site.command('import', join(config, 'demo.yml'))
  site.runner('roof', radios(site.dir))
})
test.afterAll(() => site.stop())

/** Gives the pages of players and their operators something to show; logs in to play. */
async function play(page: Page, width: number) {
  const { challenges } = (await (await page.request.get(`${site.url}/api/challenges`)).json()) as {
    challenges: { challenge_id: number; name: string }[]
  }
  const [first, second] = challenges.map((it) => it.challenge_id)
  await setFlag(page, site, first ?? 0, `flag{one ${width}}`)
  await setFlag(page, site, second ?? 0, 'flag{two}')
  await engine(site, `cellar-${width}`)
  const [ada, bob] = [await player(site, `ada-${width}`), await player(site, `bob-${width}`)]
  await ada.post('team', { name: `Rotor ${width}` })
  await bob.post('team', { name: `Stator ${width}` })
  await bob.post(`challenges/${first}/flag`, { flag: 'flag{wrong}' })
  await bob.post(`challenges/${first}/flag`, { flag: `flag{one ${width}}` })
  await ada.post(`challenges/${second}/flag`, { flag: 'flag{two}' })
  await ada.post('challenges/1/instance')
  await logInToPlay(page, site, `ada-${width}`, ada.password)
}

for (const [where, width, height] of [
  ['on a desk', 1280, 800],
  ['on a phone', 390, 844],
] as const) {
  test(`every page in both themes, ${where}`, async ({ page }) => {
    test.setTimeout(600_000)
    const clean = await watch(page)
    await page.setViewportSize({ width, height })
    await logIn(page, site, site.account('alice', 'master'))
    await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
    await play(page, width)
    for (const path of PAGES) {
      await page.emulateMedia({ colorScheme: 'light' })
      await go(page, site, path)
      await page.waitForLoadState('networkidle')
      const name = path.replaceAll('/', '-')
      await picture(page, `${name}-light-${width}`)
      await test.step(`${path} light`, () => accessible(page))
      await fits(page, path)
      await page.emulateMedia({ colorScheme: 'dark' })
      await picture(page, `${name}-dark-${width}`)
      await test.step(`${path} dark`, () => accessible(page, 'colours'))
    }
    await page.setViewportSize({ width: 1920, height: 1080 })
    await go(page, site, 'overview')
    await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
    await picture(page, 'overview-1920')
    await clean()
  })
}
