import { fft } from './fft'
import type { Iq } from './iq'

/** Decibels below the strongest that are still shown. */
const RANGE = 60

/** A picture of a signal: columns are time, rows are frequency from high to low; each value from 0 to 1. */
export interface Spectrogram {
  columns: number
  rows: number
  values: Float32Array
  /** Hertz of the lowest and the highest row. */
  low: number
  high: number
}

/** Between `low` and `high` hertz, as far as the samples reach, in at most `columns` columns. */
export function spectrogram(iq: Iq, low: number, high: number, columns: number): Spectrogram {
  const size = iq.rate < 20_000 ? 256 : 512
  const hop = Math.max(Math.floor(size / 4), Math.floor(iq.re.length / columns))
  const count = Math.max(1, Math.min(columns, Math.floor((iq.re.length - size) / hop) + 1))
  const bin = iq.rate / size
  const first = Math.max(-size / 2, Math.floor(low / bin))
  const last = Math.min(size / 2 - 1, Math.ceil(high / bin))
  const rows = last - first + 1
  const values = new Float32Array(count * rows)
  const [re, im] = [new Float32Array(size), new Float32Array(size)]
  const hann = Float32Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size))
  let peak = 1e-12
  for (let column = 0; column < count; column++) {
    for (let n = 0; n < size; n++) {
      re[n] = (iq.re[column * hop + n] ?? 0) * (hann[n] ?? 0)
      im[n] = (iq.im[column * hop + n] ?? 0) * (hann[n] ?? 0)
    }
    fft(re, im)
    for (let row = 0; row < rows; row++) {
      const at = (last - row + size) % size
      const power = (re[at] ?? 0) ** 2 + (im[at] ?? 0) ** 2
      values[row * count + column] = power
      peak = Math.max(peak, power)
    }
  }
  const level = (power: number) => Math.max(0, 1 + (10 * Math.log10(power / peak + 1e-12)) / RANGE)
  return { columns: count, rows, values: values.map(level), low: first * bin, high: last * bin }
}
