import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { accessible, picture, watch } from './support/look.ts'
import { freePort, logIn, Site, type Account } from './support/site.ts'

const FLAG = 'flag{heard_in_the_dashboard}'
const PAGER = 145_212_500

/** A pager again and again, Morse for minutes, and one that no radio can send. */
const EVENT = `
defaults: {min_delay: 1, max_delay: 1}
challenges:
  - {name: PAGER, modulation: pocsag, frequency: ${PAGER}, text: "${FLAG}", parameters: {capcode: 1234567, baud: 1200}}
  - {name: MORSE, modulation: cw, frequency: 144700000, text: "${'CQ CTF '.repeat(30)}", parameters: {wpm: 10}}
  - {name: TELETYPE, modulation: cw, frequency: 145600000, text: TEST, min_delay: 600, max_delay: 600}
  - {name: FAR, modulation: cw, frequency: 433920000, text: E}
`

/** Two radios in the air of their own runner, which is listened to at this port. */
const radios = (port: number) => `
  - {id: one, driver: air, sample_rate: 250000, frequency_limits: ["144000000-146000000"]}
  - {id: two, driver: air, sample_rate: 250000, frequency_limits: ["144000000-146000000"]}
air:
  rtl_tcp: {listen: ["127.0.0.1:0"]}
  browser:
    listen: "127.0.0.1:${port}"
    title: Air of the tests
    bands: [{name: 2 m, centre_hz: 145000000}, {name: 70 cm, centre_hz: 433900000}]
    trusted_proxies: ["127.0.0.1"]
`

let site: Site
let port: number
let viewer: Account
test.beforeAll(async () => {
  port = await freePort()
  const settings = `
receive:
  url: http://127.0.0.1:${port}
  players: true
  rtl_tcp: ["192.168.7.2:1234"]
  streams: ["tcp://192.168.7.2:5555 at 48 kS/s, follows MORSE"]
`
  site = await Site.start({ settings })
  viewer = site.account('vic', 'viewer')
  site.import(EVENT)
  site.runner('roof', radios(port))
})
test.afterAll(() => site.stop())

const dial = (page: Page) => page.getByRole('region', { name: 'Tuning' })
const frequency = (page: Page) => page.getByLabel('Frequency, MHz')
/** Long enough for a runner that starts, and for the longest pause between attempts. */
const live = (page: Page) =>
  expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible({ timeout: 30_000 })

/** Records until it can be read, as something else may run on the machine. */
async function record(page: Page, read: (file: string) => string, expected: string) {
  const heard: string[] = []
  for (let n = 0; n < 4; n++) {
    await page.getByRole('button', { name: 'Record', exact: true }).click()
    // The pager is on air for 1.5 s, and off for 1 s and a poll.
    await expect(page.getByText(/^Recording 0:(0[89]|[1-5])/)).toBeVisible({ timeout: 30_000 })
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Stop and save' }).click()
    const file = join(site.dir, `recording-${n}.wav`)
    await (await saved).saveAs(file)
    heard.push(read(file))
    if (heard.at(-1)?.includes(expected)) return
  }
  expect(heard).toContain(expected)
}

/** Pages of a pager, by multimon-ng, which wants 22,050 samples a second. */
function pages(file: string): string {
  const raw = `${file}.22050.wav`
  spawnSync('sox', [file, '-r', '22050', '-b', '16', raw, 'gain', '-n', '-1'])
  return spawnSync('multimon-ng', ['-q', '-t', 'wav', '-a', 'POCSAG1200', '-f', 'alpha', raw], { encoding: 'utf8' })
    .stdout
}

/** How much of the picture has the colour of the plan's names. */
const tagged = (page: Page) =>
  page.evaluate(() => {
    const canvas = document.querySelector('canvas')
    const context = canvas?.getContext('2d')
    if (!canvas || !context) return -1
    const { data } = context.getImageData(0, 0, canvas.width, Math.round(30 * devicePixelRatio))
    let count = 0
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] === 0x1b && data[at + 1] === 0x3a && data[at + 2] === 0x5e) count++
    }
    return count
  })

async function looks(page: Page, name: string) {
  for (const [theme, width, height] of [
    ['light', 1280, 800],
    ['dark', 1280, 800],
    ['light', 390, 844],
    ['dark', 390, 844],
  ] as const) {
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme: theme })
    await page.evaluate(() => scrollTo(0, 0))
    await picture(page, `${name}-${theme}-${width}`)
    await page.screenshot({ path: `out/${name}-${theme}-${width}-whole.png`, fullPage: true, animations: 'disabled' })
    await accessible(page)
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect.soft(overflow, `${name} ${theme} ${width}: sideways scrolling`).toBeLessThanOrEqual(0)
  }
  await page.setViewportSize({ width: 1280, height: 800 })
}

test('the air is seen with the plan over it, tuned, heard and recorded', async ({ page }) => {
  const clean = await watch(page)
  await logIn(page, site, viewer, '/air')
  await live(page)
  await expect(page.getByRole('button', { name: 'Tune to “PAGER”' })).toBeVisible({ timeout: 60_000 })

  // The plan, and the same as a list.
  await expect.poll(() => tagged(page), { timeout: 30_000 }).toBeGreaterThan(100)
  await page.getByLabel('Plan over the picture').uncheck()
  await expect.poll(() => tagged(page)).toBe(0)
  await page.getByLabel('Plan over the picture').check()

  // By click: within a step of where it was clicked.
  const canvas = page.locator('canvas')
  const box = await canvas.boundingBox()
  if (!box) throw new Error('no picture')
  await canvas.click({ position: { x: ((PAGER - 143_976_000) / 2_048_000) * box.width, y: box.height * 0.7 } })
  const tuned = async () => Math.round(Number((await frequency(page).inputValue()).replaceAll(' ', '')) * 1e6)
  expect(Math.abs((await tuned()) - PAGER)).toBeLessThan(6000)
  // By keys, which work within the receiver: the click has put the focus there.
  const before = await tuned()
  await page.keyboard.press('ArrowRight')
  expect(await tuned()).toBeGreaterThan(before)
  await page.keyboard.press('u')
  await expect(page.getByRole('radio', { name: 'USB' })).toBeChecked()
  await page.keyboard.press('n')
  // By typing; what is wrong is said.
  await page.keyboard.press('f')
  await expect(frequency(page)).toBeFocused()
  await page.keyboard.type('nonsense')
  await page.keyboard.press('Enter')
  await expect(page.getByText('“nonsense” is no frequency')).toBeVisible()
  await frequency(page).fill('145.2125')
  await page.keyboard.press('Enter')
  expect(await tuned()).toBe(PAGER)
  await expect(page).toHaveURL(/\/air#f=145212500&m=nbfm$/)

  await page.getByRole('button', { name: 'Listen' }).click()
  await expect(dial(page)).toHaveAttribute('data-player', 'worklet')
  await record(page, pages, FLAG)
  await expect(page.getByText(/^Saved receiver-145\.212500MHz-nbfm/)).toBeVisible()

  // By the button of the plan: in the mode that hears it.
  await page.getByRole('button', { name: 'Tune to “MORSE”' }).click()
  await expect(page.getByRole('radio', { name: 'CW' })).toBeChecked()
  await page.getByRole('button', { name: 'To the frequency' }).click()
  await looks(page, 'air')
  await page.getByRole('button', { name: 'Keys' }).click()
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
  await accessible(page)
  await page.keyboard.press('Escape')

  // Another page, and back: nothing of the receiver stays behind.
  await page.getByRole('link', { name: 'Alarms' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Alarms' })).toBeVisible()
  await page.goBack()
  await live(page)
  await clean()
})

test('the forecast tells what comes how often, what waits, and what never goes', async ({ page }) => {
  const clean = await watch(page)
  await logIn(page, site, viewer, '/air')
  const challenges = page.getByRole('table', { name: 'Forecast' })
  await expect(challenges.getByRole('row').filter({ hasText: 'PAGER' })).toContainText('145.2125')
  await expect(page.getByRole('table', { name: 'Radio' }).getByRole('row')).toHaveCount(3)
  const never = page.getByRole('listitem').filter({ hasText: 'FAR' })
  await expect(never.filter({ hasText: 'outside the limits of every radio' })).toBeVisible()
  await expect(page.getByText('gqrx: rtl_tcp=192.168.7.2:1234')).toBeVisible()
  await clean()
})

test('players listen without the plan', async ({ page }) => {
  const clean = await watch(page)
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await page.goto(`${site.url}/public`)
  await page.getByRole('link', { name: 'Listen in the browser' }).click()
  await live(page)
  await page.getByRole('button', { name: 'Listen', exact: true }).click()
  await expect(dial(page)).toHaveAttribute('data-player', 'worklet')
  await expect(page.getByText(/ dB, \d+ over noise/)).toBeVisible()
  // The plan stays with the operators: neither on the page, nor asked for.
  await expect(page.getByText('PAGER')).toHaveCount(0)
  expect(asked.filter((path) => /^\/api\/(state|plan|settings|on-air)/.test(path))).toEqual([])
  await looks(page, 'receive')
  await clean()
})

test('over plain http to another name, the older way plays', async ({ playwright }) => {
  const { launchOptions } = test.info().project.use
  const args = [...(launchOptions?.args ?? []), '--host-resolver-rules=MAP air.test 127.0.0.1']
  const browser = await playwright.chromium.launch({ ...launchOptions, args })
  const page = await browser.newPage()
  await page.goto(`${site.url.replace('127.0.0.1', 'air.test')}/receive`)
  expect(await page.evaluate(() => isSecureContext)).toBe(false)
  await live(page)
  await page.getByRole('button', { name: 'Listen', exact: true }).click()
  await expect(dial(page)).toHaveAttribute('data-player', 'script')
  await expect(page.getByText(/ dB, \d+ over noise/)).toBeVisible()
  await browser.close()
})

test('without a receiver the pages say what is missing', async ({ page }) => {
  const plain = await Site.start()
  try {
    const clean = await watch(page)
    await logIn(page, plain, plain.account('vic', 'viewer'), '/air')
    await expect(page.getByRole('heading', { name: 'There is no receiver' })).toBeVisible()
    await expect(page.getByText('No enabled runner has a radio.')).toBeVisible()
    await looks(page, 'air-none')
    await page.goto(`${plain.url}/receive`)
    await expect(page.getByText('The receiver is not open to everybody.')).toBeVisible()
    await accessible(page)
    await page.goto(`${plain.url}/public`)
    await expect(page.getByRole('link', { name: 'Projector' })).toBeVisible()
    await expect(page.getByRole('link', { name: 'Listen in the browser' })).toHaveCount(0)
    await clean()
  } finally {
    plain.stop()
  }
})

/** Last: the runner ends. */
test('an air that is away is told at once, and heard again when it is back', async ({ page }) => {
  await logIn(page, site, viewer, '/air')
  await live(page)
  await frequency(page).fill('144.321')
  await page.keyboard.press('Enter')
  site.killRunner('roof')
  const alert = page.getByRole('alert').filter({ hasText: 'the air cannot be reached' })
  await expect(alert).toBeVisible({ timeout: 30_000 })
  await picture(page, 'air-away')
  await accessible(page)
  site.restartRunner('roof')
  await live(page)
  await expect(alert).toHaveCount(0)
  await expect(frequency(page)).toHaveValue('144.321 000')
})
