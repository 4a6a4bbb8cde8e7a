import type { ChallengePlan, Plan } from '../../api/schema.gen'
import { bandText, megahertz } from '../../format/frequency'
import { duration } from '../../format/time'
import { text } from '../../text'

const words = text.air
type WaitedFor = ChallengePlan['waits']['waited_for'][number]

/** What is waited for the longest, in words; the other challenge, if it is one, is put behind them. */
export function cause(it: WaitedFor | undefined): { words: string; challenge: string | null } {
  if (!it) return { words: words.noWait, challenge: null }
  const time = duration(it.seconds)
  if (it.what === 'radio') return { words: words.forRadio(time), challenge: null }
  if (it.what === 'turn') return { words: words.forTurn(time), challenge: null }
  return { words: words.forFrequency(time), challenge: it.challenge }
}

/** How much of the air time that it would have alone a challenge has, 0 to 1. */
export const share = (it: ChallengePlan): number =>
  it.wanted_air_seconds_per_hour > 0 ? Math.min(1, it.air_seconds_per_hour / it.wanted_air_seconds_per_hour) : 1

/** Where a challenge is on air: its frequency, or what was drawn of its ranges. */
export function where(it: ChallengePlan): string {
  const place = (one: ChallengePlan['places'][number]) =>
    one.lowest_hz === one.highest_hz ? megahertz(one.lowest_hz) : bandText({ low: one.lowest_hz, high: one.highest_hz })
  return it.places.map(place).join(', ')
}

/** Hours as people read them: 24 h, 1 h 20 min. */
export const hours = (it: Plan['hours']): string => duration(it * 3600)
