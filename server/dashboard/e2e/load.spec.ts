import { setTimeout as pause } from 'node:timers/promises'
import { expect, test, type Page } from '@playwright/test'
import { logIn, Site } from './support/site.ts'

const RUNNERS = 200
const CHALLENGES = 500
const MINUTES = Number(process.env['MINUTES'] ?? 10)
/** Of the runners so many work at a time, each of whose transmissions makes 4 events (assigned, busy, over, idle). */
const WORKERS = 60
const ON_AIR_SECONDS = 8
/** Live events a second; what transmissions do not make are lines of the log. */
const EVENTS = 50
const LINES = EVENTS - (4 * WORKERS) / ON_AIR_SECONDS

let site: Site
test.beforeAll(async () => {
  test.setTimeout(300_000)
  site = await Site.start({ lease: 60 })
})
test.afterAll(() => site.stop())

// A trace would be most of what is measured.
test.use({ trace: 'off' })

type Impostor = Awaited<ReturnType<Site['impostor']>>

/** Keeps the runners busy until then; gives how many events that made. */
async function load(runners: Impostor[], until: number): Promise<number> {
  let events = 0
  const isOn = () => Date.now() < until
  const lines = async () => {
    for (let n = 0; isOn(); n++) {
      const next = pause(1000 / LINES)
      await runners[n % RUNNERS]?.send('log', { level: 'INFO', message: `line ${n}` })
      events += 1
      await next
    }
  }
  const heartbeats = async () => {
    for (let n = 0; isOn(); n++) {
      const next = pause(15_000 / RUNNERS)
      await runners[n % RUNNERS]?.send('heartbeat', {})
      await next
    }
  }
  const work = async (runner: Impostor) => {
    while (isOn()) {
      const task = await runner.task()
      if (!task) continue
      await pause(ON_AIR_SECONDS * 1000)
      await runner.send('complete', { challenge_id: task.challenge_id, status: 'success' })
      events += 4
    }
  }
  await Promise.all([lines(), heartbeats(), ...runners.slice(0, WORKERS).map(work)])
  return events
}

/** Watches the page itself: the times between its frames, and tasks that hold it up for more than 50 ms. */
const observe = (page: Page) =>
  page.evaluate(() => {
    const [frames, long]: [number[], number[]] = [[], []]
    Object.assign(window, { seen: { frames, long } })
    let last = performance.now()
    const frame = (now: number) => {
      frames.push(now - last)
      last = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
    const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map((it) => it.duration)))
    observer.observe({ type: 'longtask' })
  })

/** Types into the search and gives the milliseconds until the list that fits has been drawn. */
const type = (page: Page, typed: string, rows: number) =>
  page.evaluate(
    ({ typed, rows }) =>
      new Promise<number>((done) => {
        const began = performance.now()
        const box = document.querySelector<HTMLInputElement>('input[type=search]')
        if (box) box.value = typed
        box?.dispatchEvent(new Event('input'))
        const look = () => {
          const count = document.querySelector('[role=table]')?.getAttribute('aria-rowcount')
          if (count === String(rows + 1)) setTimeout(() => done(performance.now() - began))
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      }),
    { typed, rows },
  )

/** Follows a link of the list of pages and gives the milliseconds until the page has been drawn. */
const open = (page: Page, path: string, title: string) =>
  page.evaluate(
    ({ path, title }) =>
      new Promise<number>((done) => {
        const began = performance.now()
        document.querySelector<HTMLAnchorElement>(`nav a[href="${path}"]`)?.click()
        const look = () => {
          if (document.querySelector('main h1')?.textContent?.includes(title))
            setTimeout(() => done(performance.now() - began))
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      }),
    { path, title },
  )

const part = (ordered: number[], share: number) => ordered[Math.floor((ordered.length - 1) * share)] ?? 0
const ascending = (all: number[]) => [...all].sort((a, b) => a - b)
const mean = (all: number[]) => all.reduce((sum, it) => sum + it, 0) / Math.max(1, all.length)

test('200 runners, 500 challenges and 50 events a second @slow', async ({ page }) => {
  test.setTimeout((MINUTES + 10) * 60_000)
  const lines = Array.from(
    { length: CHALLENGES },
    (_, n) =>
      `  - {name: "LOAD_${n}", modulation: cw, frequency: ${144_000_000 + (n % 400) * 10_000}, text: CQ, min_delay: 1, max_delay: 2}\n`,
  )
  site.import(`challenges:\n${lines.join('')}`)
  const runners: Impostor[] = []
  for (let n = 0; n < RUNNERS; n++) {
    const runner = await site.impostor(`r${n}`)
    await runner.register({ radios: [{ id: 'a', driver: 'file' }] })
    runners.push(runner)
  }
  await logIn(page, site, site.account('alice', 'master'))
  await expect(page.getByText(`of ${RUNNERS} runners online`)).toBeVisible()

  const until = Date.now() + MINUTES * 60_000
  const loading = load(runners, until)
  await expect(page.locator('.card.on_air, .card.preparing').first()).toBeVisible({ timeout: 30_000 })
  // Each page once, whose code is fetched then.
  const pages = [
    ['/overview', 'Overview'],
    ['/runners', 'Runners'],
    ['/logs', 'Logs'],
    ['/challenges', 'Challenges'],
  ] as const
  for (const [path, title] of pages) await open(page, path, title)
  await observe(page)
  const [typing, heap]: [number[], number[]] = [[], []]
  const openings = new Map<string, number[]>(pages.map(([path]) => [path, []]))
  const client = await page.context().newCDPSession(page)
  // In seconds of the processor, whatever else the machine does.
  await client.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busy = async () =>
    (await client.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0
  const [began, before] = [Date.now(), await busy()]
  while (Date.now() < until) {
    for (const [typed, rows] of [
      ['LOAD_4', 111],
      ['LOAD_49', 11],
      ['LOAD_499', 1],
      ['', CHALLENGES],
    ] as const) {
      typing.push(await type(page, typed, rows))
      await pause(300)
    }
    for (const [path, title] of pages) {
      openings.get(path)?.push(await open(page, path, title))
      await pause(2500)
    }
    await client.send('HeapProfiler.collectGarbage')
    const { usedSize } = (await client.send('Runtime.getHeapUsage')) as { usedSize: number }
    heap.push(usedSize / 1e6)
  }
  const share = ((await busy()) - before) / ((Date.now() - began) / 1000)
  const { frames, long } = await page.evaluate(
    () => (window as unknown as { seen: { frames: number[]; long: number[] } }).seen,
  )
  const events = await loading
  const figures = (all: number[]) => {
    const ordered = ascending(all)
    return `p50 ${part(ordered, 0.5).toFixed(0)} ms, p95 ${part(ordered, 0.95).toFixed(0)} ms, most ${part(ordered, 1).toFixed(0)} ms`
  }
  const late = frames.filter((it) => it > 50).length
  console.log(`${(events / (MINUTES * 60)).toFixed(1)} events/s for ${MINUTES} min`)
  console.log(`typing into a filter until its list is drawn: ${figures(typing)} (${typing.length})`)
  const opening = [...openings.values()].flat()
  console.log(`opening a page until it is drawn: ${figures(opening)} (${opening.length})`)
  for (const [path, all] of openings) console.log(`  ${path}: ${figures(all)}`)
  console.log(`time between frames: ${figures(frames)}; ${late} of ${frames.length} over 50 ms`)
  console.log(`the page needs ${(share * 100).toFixed(0)} % of one core`)
  console.log(`tasks over 50 ms: ${long.length}, the longest ${Math.max(0, ...long).toFixed(0)} ms`)
  console.log(`heap after each round, MB: ${heap.map((it) => it.toFixed(1)).join(' ')}`)

  expect(part(ascending([...typing, ...opening]), 0.95)).toBeLessThan(100)
  // A frame a second later than 50 ms is the budget; one is dropped when a page is opened.
  expect(late).toBeLessThan(MINUTES * 60)
  const third = Math.ceil(heap.length / 3)
  expect(mean(heap.slice(-third))).toBeLessThan(mean(heap.slice(0, third)) * 1.1 + 2)
})
