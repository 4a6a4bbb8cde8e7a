import { expect, test } from '@playwright/test'
import { logIn, Site } from './site.ts'

const RUNNERS = 200
const CHALLENGES = 500
const MINUTES = Number(process.env['MINUTES'] ?? 10)
/** Live events a second: each of these tasks makes several (assigned, busy, over, idle). */
const EVENTS = 50

let site: Site
test.beforeAll(async () => void (site = await Site.start()))
test.afterAll(() => site.stop())

/** The figures of one page over the time of the test. */
interface Figures {
  interactions: number[]
  heap: number[]
}

test('200 runners, 500 challenges and 50 events a second @slow', async ({ page }) => {
  test.setTimeout((MINUTES + 5) * 60_000)
  const lines = Array.from(
    { length: CHALLENGES },
    (_, n) =>
      `  - {name: "LOAD_${n}", modulation: cw, frequency: ${144_000_000 + (n % 400) * 10_000}, text: CQ, min_delay: 1, max_delay: 2}\n`,
  )
  site.import(`challenges:\n${lines.join('')}`)
  const runners: Awaited<ReturnType<Site['impostor']>>[] = []
  for (let n = 0; n < RUNNERS; n++) {
    const runner = await site.impostor(`r${n}`)
    await runner.register({ radios: [{ id: 'a', driver: 'null', takes_work: true }] })
    runners.push(runner)
  }
  await logIn(page, site, site.account('alice', 'master'))
  await page.evaluate(() => {
    const long: number[] = []
    Object.assign(window, { long })
    // What takes a frame longer than 50 ms.
    new PerformanceObserver((list) => long.push(...list.getEntries().map((it) => it.duration))).observe({
      type: 'longtask',
    })
  })

  const until = Date.now() + MINUTES * 60_000
  let events = 0
  // Lines of the log, heartbeats with progress and whole transmissions, at an even rate.
  const beat = async () => {
    for (let n = 0; Date.now() < until; n++) {
      const runner = runners[n % RUNNERS]
      const began = Date.now()
      await runner?.send('log', { level: 'INFO', message: `line ${n}` }).catch(() => undefined)
      events += 1
      await new Promise((done) => setTimeout(done, Math.max(0, 4000 / EVENTS - (Date.now() - began))))
    }
  }
  const work = async (n: number) => {
    while (Date.now() < until) {
      const runner = runners[n]
      const task = await runner?.task().catch(() => undefined)
      if (!task) continue
      events += 4
      await new Promise((done) => setTimeout(done, 8000))
      await runner?.send('complete', { challenge_id: task.challenge_id, status: 'success' }).catch(() => undefined)
    }
  }
  const load = Promise.all([...Array.from({ length: 4 }, beat), ...Array.from({ length: 60 }, (_, n) => work(n))])

  const figures: Figures = { interactions: [], heap: [] }
  const client = await page.context().newCDPSession(page)
  for (let round = 0; Date.now() < until; round++) {
    await page.getByRole('link', { name: 'Challenges', exact: true }).click()
    const search = page.getByRole('searchbox')
    for (const typed of ['L', 'LOAD_4', 'LOAD_49', '']) {
      await search.fill(typed)
      // From the input to the frame after next, in the page itself.
      figures.interactions.push(
        await page.evaluate(
          () =>
            new Promise<number>((done) => {
              const box = document.querySelector<HTMLInputElement>('input[type=search]')
              const began = performance.now()
              box?.dispatchEvent(new Event('input'))
              requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
            }),
        ),
      )
    }
    for (const name of ['Overview', 'Runners', 'Logs']) {
      await page.getByRole('link', { name, exact: true }).click()
      await page.waitForTimeout(2500)
    }
    await client.send('HeapProfiler.collectGarbage')
    const { usedSize } = (await client.send('Runtime.getHeapUsage')) as { usedSize: number }
    figures.heap.push(Math.round(usedSize / 1e5) / 10)
  }
  const long = await page.evaluate(() => (window as unknown as { long: number[] }).long.map(Math.round))
  await load
  const ordered = figures.interactions.sort((a, b) => a - b)
  const p95 = ordered[Math.floor(ordered.length * 0.95)] ?? 0
  console.log(
    `events ${Math.round(events / (MINUTES * 60))}/s, interaction p50 ${ordered[ordered.length >> 1]?.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`,
  )
  console.log(`tasks over 50 ms: ${long.length}, the longest ${Math.max(0, ...long)} ms`)
  console.log(`heap after each round, MB: ${figures.heap.join(' ')}`)
  expect(figures.heap.at(-1) ?? 0).toBeLessThan((figures.heap[0] ?? 0) * 1.5 + 5)
})
