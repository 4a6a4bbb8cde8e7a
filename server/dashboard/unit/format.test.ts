import { expect, test } from 'vitest'
import { bytes } from '../src/format/bytes'
import { csv } from '../src/format/csv'
import { band, bandText, fromMegahertz, megahertz, width } from '../src/format/frequency'
import { clock, countdown, duration, fromLocalInput, toLocalInput } from '../src/format/time'

test('megahertz have the decimals that matter', () => {
  expect(megahertz(145_550_000)).toBe('145.550')
  expect(megahertz(433_920_500)).toBe('433.9205')
  expect(megahertz(10_368_000_001)).toBe('10\u2009368.000001')
})

test('what is typed as megahertz is whole hertz', () => {
  expect(fromMegahertz('145.55')).toBe(145_550_000)
  expect(fromMegahertz(' 2\u2009400,5 ')).toBe(2_400_500_000)
  expect(fromMegahertz('0.1375')).toBe(137_500)
  for (const wrong of ['', 'abc', '1.2.3', '-5', '1e3']) expect(fromMegahertz(wrong)).toBeNull()
})

test('bands and widths', () => {
  expect(band('144000000-148000000')).toEqual({ low: 144e6, high: 148e6 })
  expect(bandText({ low: 144e6, high: 148e6 })).toBe('144.000–148.000')
  expect([700, 12_500, 2_400_000].map(width)).toEqual(['700 Hz', '12.5 kHz', '2.4 MHz'])
})

test('durations and countdowns', () => {
  expect([0, 7.4, 200, 7500, 273_600].map(duration)).toEqual(['0 s', '7 s', '3 min 20 s', '2 h 5 min', '3 d 4 h'])
  expect([6.2, 200, 7500].map(countdown)).toEqual(['0:07', '3:20', '2:05:00'])
})

test('times are those of the zone of the event', () => {
  const at = Date.parse('2026-07-01T22:30:00Z')
  expect(clock(at, 'Europe/Berlin')).toBe('00:30:00')
  expect(clock(at, 'America/New_York')).toBe('18:30:00')
})

test('a wall clock in a zone and back, on both sides of a change of the clocks', () => {
  for (const [local, zone, moment] of [
    ['2026-07-01T09:00', 'Europe/Berlin', '2026-07-01T07:00:00.000Z'],
    ['2026-12-01T09:00', 'Europe/Berlin', '2026-12-01T08:00:00.000Z'],
    ['2026-03-29T03:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25T12:00', 'America/New_York', '2026-10-25T16:00:00.000Z'],
    ['2026-05-05T00:10', 'Pacific/Auckland', '2026-05-04T12:10:00.000Z'],
  ] as const) {
    expect(fromLocalInput(local, zone)).toBe(moment)
    expect(toLocalInput(moment, zone)).toBe(local)
  }
  expect(fromLocalInput('', 'UTC')).toBeNull()
})

test('cells are quoted, and no cell is a formula', () => {
  expect(
    csv([
      ['a', 'b'],
      ['x,"y"', '=1+1'],
      [3, null],
    ]),
  ).toBe('a,b\r\n"x,""y""",\'=1+1\r\n3,\r\n')
})

test('sizes', () => {
  expect([512, 12_345, 3_400_000].map(bytes)).toEqual(['512 B', '12 kB', '3.4 MB'])
})
