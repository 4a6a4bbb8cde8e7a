import { expect, test } from 'vitest'
import type { OnAir, Radio, Runner } from '../src/api/schema.gen'
import { progressAt, remember, secondsLeft } from '../src/live/onair'
import { clockOff, restLeft } from '../src/live/runners'
import { bars, sums } from '../src/pages/overview/activity'
import { lanes, pieces, place, ticks } from '../src/pages/overview/axis'
import { isRight, limitsOf, newRadio, radioOf } from '../src/pages/runners/radio-draft'
import { tracks } from '../src/pages/transmissions/timeline'
import { inSight, sorted } from '../src/ui/table/table'

test('bands far from each other are shown in pieces', () => {
  const [two, seventy, ...more] = pieces([
    { low: 145e6, high: 146e6 },
    { low: 433e6, high: 434e6 },
    { low: 146.5e6, high: 146.6e6 },
  ])
  expect(more).toEqual([])
  expect(two?.low).toBeLessThan(145e6)
  expect(two?.high).toBeGreaterThan(146.6e6)
  expect(place(433e6, seventy ?? { low: 0, high: 1 })).toBeGreaterThan(0)
  expect(pieces([])).toEqual([])
})

test('ticks are round and within', () => {
  expect(ticks({ low: 144.9e6, high: 146.7e6 })).toEqual([145e6, 145.5e6, 146e6, 146.5e6])
})

test('labels that would cover each other are in rows of their own', () => {
  expect(
    lanes([
      { at: 10, width: 20 },
      { at: 15, width: 20 },
      { at: 50, width: 20 },
    ]),
  ).toEqual([0, 1, 0])
})

const onAir = { assignment_id: 1, progress: 0.5, duration: 20 } as OnAir

test('between two heartbeats a transmission goes on by the clock, and never beyond its end', () => {
  const heard = remember(new Map(), [onAir], 1000)
  const known = heard.get(1) ?? { progress: 0, at: 0 }
  expect(progressAt(onAir, known, 3000)).toBeCloseTo(0.6)
  expect(secondsLeft(onAir, known, 3000)).toBeCloseTo(8)
  expect(progressAt(onAir, known, 60_000)).toBe(1)
  expect(remember(heard, [onAir], 3000).get(1)?.at).toBe(1000)
  expect(secondsLeft({ ...onAir, progress: null }, known, 3000)).toBeNull()
})

test('periods without a transmission are empty, not missing', () => {
  const now = Date.parse('2026-05-05T12:05:00Z')
  const all = bars([{ start: '2026-05-05T12:00:00Z', success: 3, failed: 1, aborted: 0, air_seconds: 12 }], now)
  expect([all.length, all.at(-1)?.success, all[0]?.success]).toEqual([72, 3, 0])
  expect(sums(all)).toEqual({ success: 3, failed: 1, aborted: 0, airSeconds: 12, rate: 0.75 })
  expect(sums(bars([], now)).rate).toBeNull()
})

test('only the rows in sight are in the document', () => {
  expect(inSight(500, 44, 0, 440, 8)).toEqual({ from: 0, to: 18 })
  expect(inSight(500, 44, 4400, 440, 8)).toEqual({ from: 92, to: 118 })
  expect(inSight(3, 44, 0, 440, 8)).toEqual({ from: 0, to: 3 })
})

test('names are sorted as people count', () => {
  const columns = [
    { id: 'name', label: '', width: '', narrow: 'title' as const, sort: (row: { name: string }) => row.name },
  ]
  const rows = [{ name: 'F10' }, { name: 'F2' }, { name: 'f1' }]
  expect(sorted(rows, columns, { column: 'name', down: false }).map((row) => row.name)).toEqual(['f1', 'F2', 'F10'])
  expect(sorted(rows, columns, { column: 'name', down: true })[0]?.name).toBe('F10')
  expect(sorted(rows, columns, null)).toBe(rows)
})

test('limits of a radio as they are typed', () => {
  expect(limitsOf('144-148, 430.5 – 440')).toEqual(['144000000-148000000', '430500000-440000000'])
  expect(limitsOf('')).toEqual([])
  expect(limitsOf('148-144')).toBeNull()
  expect(limitsOf('2 m')).toBeNull()
  expect(radioOf({ ...newRadio(1), device: 'driver=hackrf', limits: '144-148' })).toEqual({
    id: 'radio',
    driver: 'soapy',
    device: 'driver=hackrf',
    sample_rate: 2_000_000,
    frequency_limits: ['144000000-148000000'],
  })
})

test('a timeline has a track for each radio or frequency', () => {
  const it = {
    log_id: 1,
    runner_id: 'a',
    radio_id: 'b',
    frequency: 145e6,
    timestamp: '2026-05-05T12:00:00Z',
    ended_at: '2026-05-05T12:00:30Z',
  }
  const drawn = tracks([it as never], 'frequency', Date.parse('2026-05-05T12:01:00Z'))
  expect(drawn.all.map((track) => track.label)).toEqual(['145.000'])
  expect(drawn.all[0]?.bars[0]).toMatchObject({ left: 0, width: 50 })
})

test('a radio rests until its time is over, and a clock is off only beyond the way of the request', () => {
  const radio = (rests_until: string | null) => ({ rests_until }) as Radio
  const now = Date.parse('2026-05-03T09:00:00Z')
  expect(restLeft(radio('2026-05-03T09:00:30Z'), now)).toBe(30)
  expect(restLeft(radio('2026-05-03T08:00:00Z'), now)).toBe(0)
  expect(restLeft(radio(null), now)).toBe(0)
  const runner = (clock_ahead_seconds: number | null) => ({ clock_ahead_seconds }) as Runner
  expect([null, 0.3, -0.9, 1.5, -60].map((ahead) => clockOff(runner(ahead)))).toEqual([null, 0, 0, 1.5, -60])
})

test('duty cycle and longest time on air are part of a runner only when they are given', () => {
  const draft = { ...newRadio(1), duty: '25', longest: '600' }
  expect(radioOf(draft)).toMatchObject({ duty_cycle: 0.25, max_on_air_seconds: 600 })
  expect(radioOf(newRadio(1))).not.toHaveProperty('duty_cycle')
  for (const duty of ['0', '101', 'half']) expect(isRight({ ...draft, duty })).toBe(false)
  for (const longest of ['0', '1.5', '-3']) expect(isRight({ ...draft, longest })).toBe(false)
})
