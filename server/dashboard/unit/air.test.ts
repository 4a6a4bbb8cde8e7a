import { describe, expect, it } from 'vitest'
import type { Challenge, ChallengePlan } from '../src/api/schema.gen'
import type { OnAirNow } from '../src/live/heard'
import { cause, share, where } from '../src/pages/air/forecast'
import { marks, reception } from '../src/pages/air/plan'

const at = 145_500_000
const mode = (low: number, high: number, modulation: string) =>
  reception({ low: at + low, high: at + high }, at, modulation)

describe('what a receiver is tuned to for a transmission', () => {
  it('follows from the sides of its frequency that it occupies', () => {
    expect(mode(-6000, 6000, 'nbfm')).toEqual({ hertz: at, mode: 'nbfm' })
    expect(mode(-7000, 7000, 'pocsag').mode).toBe('nbfm')
    expect(mode(300, 2700, 'ssb')).toEqual({ hertz: at, mode: 'usb' })
    expect(mode(-2700, -300, 'ssb')).toEqual({ hertz: at, mode: 'lsb' })
    expect(mode(-90_000, 90_000, 'nbfm').mode).toBe('wbfm')
  })
  it('is the carrier itself for Morse and keying', () => {
    expect(mode(650, 750, 'cw')).toEqual({ hertz: at + 700, mode: 'cw' })
    expect(mode(-8000, 8000, 'ask')).toEqual({ hertz: at, mode: 'am' })
  })
})

describe('the plan over the picture', () => {
  const challenge = (id: number, frequency: number | null) =>
    ({ challenge_id: id, name: `C${id}`, frequency, occupied: { low: -100, high: 300 } }) as Challenge
  it('has what is on air, and what comes next where its frequency is known', () => {
    const onAir = { assignment_id: 7, challenge_name: 'A', band: '100-200', state: 'on_air' } as OnAirNow
    expect(marks([onAir], [challenge(1, 1000), challenge(2, null)])).toEqual([
      { key: 'next 1', name: 'C1', kind: 'next', low: 900, high: 1300 },
      { key: '7', name: 'A', kind: 'on_air', low: 100, high: 200 },
    ])
  })
})

describe('the forecast', () => {
  it('says what is waited for, and puts the name of another challenge behind it', () => {
    expect(cause(undefined)).toEqual({ words: '–', challenge: null })
    expect(cause({ what: 'radio', seconds: 90 }).words).toBe('a radio, 1 min 30 s in all')
    expect(cause({ what: 'frequency', seconds: 5, challenge: 'B' }).challenge).toBe('B')
  })
  const plan = (air: number, wanted: number) =>
    ({ air_seconds_per_hour: air, wanted_air_seconds_per_hour: wanted }) as ChallengePlan
  it('compares the air time with what it would be alone', () => {
    expect([share(plan(30, 60)), share(plan(61, 60)), share(plan(0, 0))]).toEqual([0.5, 1, 1])
  })
  it('writes a frequency as one, and what was drawn as a range', () => {
    const place = (lowest_hz: number, highest_hz: number) => ({ range: null, lowest_hz, highest_hz, transmissions: 1 })
    const places = [place(145_500_000, 145_500_000), place(430_000_000, 431_000_000)]
    expect(where({ places } as ChallengePlan)).toBe('145.500, 430.000–431.000')
  })
})
