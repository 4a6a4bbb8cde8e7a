import type { Challenge } from '../../api/schema.gen'
import { band, type Span } from '../../format/frequency'
import type { EventState } from '../../live/apply'
import type { OnAirNow } from '../../live/heard'
import { queue } from '../../live/queue'

/** What a receiver is tuned to for a transmission. */
export interface Reception {
  hertz: number
  mode: string
}

/** A transmission of the plan, as it is drawn over the picture. */
export interface Mark extends Span {
  key: string
  name: string
  kind: 'preparing' | 'on_air' | 'ending' | 'next'
}

/** Hertz: nothing but Morse is so narrow, and no narrowband FM so wide. */
const NARROW = 400
const WIDE = 40_000

/** How a transmission is heard, by what it occupies: the sides of its frequency that it has tell most modes apart. */
export function reception({ low, high }: Span, hertz: number, modulation: string): Reception {
  const [width, middle] = [high - low, Math.round((low + high) / 2)]
  if (modulation === 'ask') return { hertz: middle, mode: 'am' }
  if (width < NARROW) return { hertz: middle, mode: 'cw' }
  const slack = width / 10
  if (low >= hertz - slack) return { hertz, mode: 'usb' }
  if (high <= hertz + slack) return { hertz, mode: 'lsb' }
  return { hertz, mode: width > WIDE ? 'wbfm' : 'nbfm' }
}

export const receptionOf = (it: OnAirNow) => reception(band(it.band), it.frequency, it.modulation)

/** What a challenge with a frequency of its own occupies; null: its frequency is drawn each time. */
export function placeOf(it: Challenge): Span | null {
  if (it.frequency == null) return null
  return { low: it.frequency + it.occupied.low, high: it.frequency + it.occupied.high }
}

/** What comes next, as far as one looks ahead. */
const AHEAD = 6
export const next = (state: EventState | null): Challenge[] => queue(state).slice(0, AHEAD)

/** What is on air and what comes next, with a place on the frequency axis. */
export function marks(onAir: readonly OnAirNow[], due: readonly Challenge[]): Mark[] {
  const coming = due.flatMap((it) => {
    const place = placeOf(it)
    return place ? [{ ...place, key: `next ${it.challenge_id}`, name: it.name, kind: 'next' as const }] : []
  })
  const going = onAir.map((it) => ({
    ...band(it.band),
    key: `${it.assignment_id}`,
    name: it.challenge_name,
    kind: it.state,
  }))
  return [...coming, ...going]
}
