import { expect, test } from 'vitest'
import type { Challenge, ChallengePlan } from '../src/api/schema.gen'
import type { OnAirNow } from '../src/live/heard'
import { cause, share, where } from '../src/pages/air/forecast'
import { marks, reception } from '../src/pages/air/plan'

const at = 145_500_000
const received = (low: number, high: number, modulation: string) =>
  reception({ low: at + low, high: at + high }, at, modulation)

test('the sides of its frequency that a transmission occupies tell how it is heard', () => {
  expect(received(-6000, 6000, 'nbfm')).toEqual({ hertz: at, mode: 'nbfm' })
  expect(received(-7000, 7000, 'pocsag').mode).toBe('nbfm')
  expect(received(300, 2700, 'ssb')).toEqual({ hertz: at, mode: 'usb' })
  expect(received(-2700, -300, 'ssb')).toEqual({ hertz: at, mode: 'lsb' })
  expect(received(-90_000, 90_000, 'nbfm').mode).toBe('wbfm')
})

test('Morse and keying are tuned to by their carrier', () => {
  expect(received(650, 750, 'cw')).toEqual({ hertz: at + 700, mode: 'cw' })
  expect(received(-8000, 8000, 'ask')).toEqual({ hertz: at, mode: 'am' })
})

test('over the picture is what is on air, and what comes next where its frequency is known', () => {
  const challenge = (id: number, frequency: number | null) =>
    ({ challenge_id: id, name: `C${id}`, frequency, occupied: { low: -100, high: 300 } }) as Challenge
  const onAir = { assignment_id: 7, challenge_name: 'A', band: '100-200', state: 'on_air' } as OnAirNow
  expect(marks([onAir], [challenge(1, 1000), challenge(2, null)])).toEqual([
    { key: 'next 1', name: 'C1', kind: 'next', low: 900, high: 1300 },
    { key: '7', name: 'A', kind: 'on_air', low: 100, high: 200 },
  ])
})

test('a forecast says what is waited for, with the name of another challenge apart', () => {
  expect(cause(undefined)).toEqual({ words: '–', challenge: null })
  expect(cause({ what: 'radio', seconds: 90 }).words).toBe('a radio, 1 min 30 s in all')
  expect(cause({ what: 'frequency', seconds: 5, challenge: 'B' }).challenge).toBe('B')
})

test('air time is compared with what a challenge would have alone', () => {
  const plan = (air: number, wanted: number) =>
    ({ air_seconds_per_hour: air, wanted_air_seconds_per_hour: wanted }) as ChallengePlan
  expect([share(plan(30, 60)), share(plan(61, 60)), share(plan(0, 0))]).toEqual([0.5, 1, 1])
})

test('a frequency is written as one, and what was drawn as a range', () => {
  const place = (lowest_hz: number, highest_hz: number) => ({ range: null, lowest_hz, highest_hz, transmissions: 1 })
  const places = [place(145_500_000, 145_500_000), place(430_000_000, 431_000_000)]
  expect(where({ places } as unknown as ChallengePlan)).toBe('145.500, 430.000–431.000')
})
