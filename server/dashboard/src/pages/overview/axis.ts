import type { Span } from '../../format/frequency'

/** A part of the frequency axis that is shown in one piece: bands far from each other would be slivers on one axis. */
export interface Piece extends Span {
  ticks: number[]
  /** How wide it is shown, beside the others. */
  weight: number
}

/** Spans closer than this part of their frequency share a piece. */
const NEAR = 0.02
const LEAST_WIDTH = 200_000
const EDGE = 0.05

export function pieces(spans: readonly Span[]): Piece[] {
  const sorted = [...spans].sort((a, b) => a.low - b.low)
  const merged: Span[] = []
  for (const span of sorted) {
    const last = merged.at(-1)
    if (last && span.low - last.high <= Math.max(500_000, span.low * NEAR)) last.high = Math.max(last.high, span.high)
    else merged.push({ ...span })
  }
  return merged.map(({ low, high }) => {
    const width = Math.max(high - low, LEAST_WIDTH)
    const middle = (low + high) / 2
    const half = (width / 2) * (1 + 2 * EDGE)
    const piece = { low: middle - half, high: middle + half }
    return { ...piece, ticks: ticks(piece), weight: Math.sqrt(width) }
  })
}

/** Round frequencies within a span: three to six of them. */
export function ticks({ low, high }: Span): number[] {
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((it) => it >= rough) ?? 10 * power
  const first = Math.ceil(low / step) * step
  return Array.from({ length: Math.floor((high - first) / step) + 1 }, (_, n) => first + n * step)
}

/** Where a frequency lies in a piece, in percent. */
export function place(hz: number, piece: Span): number {
  return ((hz - piece.low) / (piece.high - piece.low)) * 100
}

/** Least width of a place, in percent: about two pixels. */
const LEAST_PLACE = 0.2

/** The places in a piece as one path, 100 wide and 1 high: an event has hundreds, which as elements would take a tenth of a second. */
export function placesPath(places: readonly Span[], piece: Span): string {
  const inside = places.filter(({ low, high }) => low >= piece.low && high <= piece.high)
  const rectangles = inside.map((span) => {
    const left = place(span.low, piece)
    const width = Math.max(LEAST_PLACE, place(span.high, piece) - left)
    return `M${left.toFixed(2)} 0h${width.toFixed(2)}v1h-${width.toFixed(2)}z`
  })
  return [...new Set(rectangles)].join('')
}

/** Rows for labels that would cover each other: gives each the first row in which it is free. `at` and `width` in percent. */
export function lanes(labels: readonly { at: number; width: number }[]): number[] {
  const ends: number[] = []
  return labels.map(({ at, width }) => {
    const start = Math.min(Math.max(0, at - width / 2), 100 - width)
    const free = ends.findIndex((end) => end <= start)
    const lane = free >= 0 ? free : ends.length
    ends[lane] = start + width
    return lane
  })
}
