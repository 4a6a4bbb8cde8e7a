/** Complex samples around a nominal frequency. */
export interface Iq {
  rate: number
  re: Float32Array
  im: Float32Array
}

const HEADER = 44

/** Reads the WAV file of two 16-bit channels, I and Q, that the server makes. */
export function readIq(file: ArrayBuffer): Iq {
  const view = new DataView(file)
  const count = Math.floor((file.byteLength - HEADER) / 4)
  const [re, im] = [new Float32Array(count), new Float32Array(count)]
  for (let n = 0; n < count; n++) {
    re[n] = view.getInt16(HEADER + 4 * n, true) / 32767
    im[n] = view.getInt16(HEADER + 4 * n + 2, true) / 32767
  }
  return { rate: view.getUint32(24, true), re, im }
}

/** Whether all of a signal that is there is equally strong, as frequency modulation is. */
export function hasConstantEnvelope({ re, im }: Iq): boolean {
  let [present, full] = [0, 0]
  const step = Math.max(1, Math.floor(re.length / 20_000))
  for (let n = 0; n < re.length; n += step) {
    const power = (re[n] ?? 0) ** 2 + (im[n] ?? 0) ** 2
    if (power > 0.01) present += 1
    if (power > 0.6) full += 1
  }
  return present > 0 && full / present > 0.97
}

/** The sound of a signal: as an FM receiver has it where its envelope is constant, else as a single-sideband receiver
 * that is tuned so that the lowest part of the signal is heard. */
export function sound(iq: Iq, lowest: number): Float32Array {
  return hasConstantEnvelope(iq) ? discriminated(iq) : shifted(iq, lowest < 300 ? 700 - Math.max(lowest, -350) : 0)
}

function discriminated({ re, im }: Iq): Float32Array {
  const out = new Float32Array(re.length)
  let peak = 0.01
  for (let n = 1; n < re.length; n++) {
    const [a, b, c, d] = [re[n] ?? 0, im[n] ?? 0, re[n - 1] ?? 0, im[n - 1] ?? 0]
    const value = a * a + b * b > 0.01 ? Math.atan2(b * c - a * d, a * c + b * d) : 0
    out[n] = value
    peak = Math.max(peak, Math.abs(value))
  }
  return out.map((value) => (value / peak) * 0.7)
}

function shifted({ rate, re, im }: Iq, hertz: number): Float32Array {
  const step = (2 * Math.PI * hertz) / rate
  return re.map((value, n) => 0.7 * (value * Math.cos(step * n) - (im[n] ?? 0) * Math.sin(step * n)))
}

/** Sound at a rate that every browser plays: every so many samples are averaged. */
export function playable(samples: Float32Array, rate: number): { samples: Float32Array; rate: number } {
  const by = Math.max(1, Math.ceil(rate / 96_000))
  if (by === 1) return { samples, rate }
  const out = new Float32Array(Math.floor(samples.length / by))
  for (let n = 0; n < out.length; n++) {
    let sum = 0
    for (let k = 0; k < by; k++) sum += samples[n * by + k] ?? 0
    out[n] = sum / by
  }
  return { samples: out, rate: rate / by }
}
