import type { Transmission } from '../../api/schema.gen'
import { megahertz } from '../../format/frequency'

export interface Track {
  label: string
  bars: { it: Transmission; left: number; width: number }[]
}

/** Transmissions as bars over time, in percent: a track for each radio, or for each frequency. */
export function tracks(rows: readonly Transmission[], by: 'radio' | 'frequency', now: number) {
  const begin = (it: Transmission) => Date.parse(it.started_at ?? it.timestamp)
  const end = (it: Transmission) => (it.ended_at ? Date.parse(it.ended_at) : now)
  const from = Math.min(now, ...rows.map(begin))
  const to = Math.max(from + 60_000, ...rows.map(end))
  const place = (at: number) => ((at - from) / (to - from)) * 100
  const byTrack = new Map<string | number, Transmission[]>()
  for (const it of rows) {
    const key = by === 'radio' ? `${it.runner_id}/${it.radio_id}` : it.frequency
    byTrack.set(key, [...(byTrack.get(key) ?? []), it])
  }
  const keys = [...byTrack.keys()].sort((a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b)),
  )
  const all: Track[] = keys.map((key) => ({
    label: typeof key === 'number' ? megahertz(key) : key,
    bars: (byTrack.get(key) ?? []).map((it) => ({
      it,
      left: place(begin(it)),
      width: place(end(it)) - place(begin(it)),
    })),
  }))
  return { from, to, all }
}
