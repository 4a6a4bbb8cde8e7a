/** Hertz as megahertz with the decimals that matter: 145.550, 433.9205, 2 400.000. */
export function megahertz(hz: number): string {
  const decimals = hz % 1000 === 0 ? 3 : hz % 100 === 0 ? 4 : 6
  const [whole = '', part = ''] = (hz / 1e6).toFixed(decimals).split('.')
  return `${whole.replace(/\B(?=(\d{3})+$)/g, '\u2009')}.${part}`
}

/** What was typed as megahertz, in whole hertz; null: no number. */
export function fromMegahertz(text: string): number | null {
  const plain = text.replace(/[\s\u2009]/g, '').replace(',', '.')
  if (!/^\d+(\.\d+)?$/.test(plain)) return null
  return Math.round(Number(plain) * 1e6)
}

/** A width: 12.5 kHz, 700 Hz, 2.4 MHz. */
export function width(hz: number): string {
  const [value, unit] = hz >= 1e6 ? [hz / 1e6, 'MHz'] : hz >= 1000 ? [hz / 1000, 'kHz'] : [hz, 'Hz']
  return `${Number(value.toPrecision(3))} ${unit}`
}

export interface Span {
  low: number
  high: number
}

/** A band as the API writes it, `144000000-148000000`. */
export function band(text: string): Span {
  const [low = 0, high = 0] = text.split('-').map(Number)
  return { low, high }
}

export function bandText({ low, high }: Span): string {
  return `${megahertz(low)}–${megahertz(high)}`
}
