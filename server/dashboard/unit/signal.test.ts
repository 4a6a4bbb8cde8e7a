import { expect, test } from 'vitest'
import { fft } from '../src/signal/fft'
import { hasConstantEnvelope, playable, readIq, sound } from '../src/signal/iq'
import { spectrogram } from '../src/signal/spectrogram'

const RATE = 8000
function tone(hertz: number, length = 4096) {
  const angle = (n: number) => (2 * Math.PI * hertz * n) / RATE
  const re = Float32Array.from({ length }, (_, n) => Math.cos(angle(n)))
  const im = Float32Array.from({ length }, (_, n) => Math.sin(angle(n)))
  return { rate: RATE, re, im }
}

test('the spectrum of a tone is one line', () => {
  const { re, im } = tone(1000, 64)
  fft(re, im)
  const power = [...re].map((value, n) => value ** 2 + (im[n] ?? 0) ** 2)
  expect(power.indexOf(Math.max(...power))).toBe(8)
  expect(power.filter((value) => value > 1)).toHaveLength(1)
})

test('a tone stands where it belongs, above and below the middle', () => {
  for (const hertz of [1000, -1500]) {
    const picture = spectrogram(tone(hertz), -4000, 4000, 50)
    const column = Array.from({ length: picture.rows }, (_, row) => picture.values[row * picture.columns + 3] ?? 0)
    const row = column.indexOf(Math.max(...column))
    const shown = picture.high - (row * (picture.high - picture.low)) / (picture.rows - 1)
    expect(Math.abs(shown - hertz)).toBeLessThan(40)
  }
})

test('a frequency that swings is heard as a sound, a keyed carrier as a tone', () => {
  expect(hasConstantEnvelope(tone(500))).toBe(true)
  const keyed = tone(700)
  keyed.re.fill(0.4, 1000, 2500)
  keyed.im.fill(0.4, 1000, 2500)
  expect(hasConstantEnvelope(keyed)).toBe(false)
  const heard = sound(keyed, 650)
  expect(Math.max(...heard.slice(0, 900))).toBeGreaterThan(0.6)
})

test('the file of the server is read back', () => {
  const file = new ArrayBuffer(44 + 8)
  const view = new DataView(file)
  view.setUint32(24, 48_000, true)
  view.setInt16(44, 32767, true)
  view.setInt16(50, -32767, true)
  const iq = readIq(file)
  expect([iq.rate, ...iq.re, ...iq.im]).toEqual([48_000, 1, 0, 0, -1])
})

test('every rate can be played', () => {
  const made = playable(new Float32Array(1000), 250_000)
  expect(made.rate).toBeLessThanOrEqual(96_000)
  expect(made.samples).toHaveLength(333)
})
