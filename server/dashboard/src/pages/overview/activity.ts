import type { ActivityPeriod } from '../../api/schema.gen'

const STEP = 600_000
const STEPS = 72

export interface Bar {
  start: number
  success: number
  failed: number
  aborted: number
  airSeconds: number
}

/** Twelve hours in periods of ten minutes up to now; those in which nothing was sent are empty, not missing. */
export function bars(periods: Iterable<ActivityPeriod>, now: number): Bar[] {
  const known = new Map([...periods].map((it) => [Date.parse(it.start), it]))
  const last = Math.floor(now / STEP) * STEP
  return Array.from({ length: STEPS }, (_, n) => {
    const start = last - (STEPS - 1 - n) * STEP
    const it = known.get(start)
    return {
      start,
      success: it?.success ?? 0,
      failed: it?.failed ?? 0,
      aborted: it?.aborted ?? 0,
      airSeconds: it?.air_seconds ?? 0,
    }
  })
}

export function sums(all: readonly Bar[]) {
  const sum = (of: (bar: Bar) => number) => all.reduce((total, bar) => total + of(bar), 0)
  const [success, failed] = [sum((it) => it.success), sum((it) => it.failed)]
  const rate = success + failed > 0 ? success / (success + failed) : null
  return { success, failed, aborted: sum((it) => it.aborted), airSeconds: sum((it) => it.airSeconds), rate }
}
