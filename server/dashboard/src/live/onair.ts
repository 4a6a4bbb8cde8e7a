import type { OnAir } from '../api/schema.gen'

/** How far a transmission is now, 0 to 1: heartbeats tell it every few seconds, in between it goes on by the clock. */
export function progressAt(it: OnAir, heard: Heard, now: number): number {
  if (it.progress == null) return 0
  const since = it.duration > 0 ? (now - heard.at) / 1000 / it.duration : 0
  return Math.min(1, Math.max(0, it.progress + Math.max(0, since)))
}

/** When which progress was heard of a transmission. */
export interface Heard {
  progress: number
  at: number
}

/** Seconds until it is over; null: its carrier is not on yet. */
export function secondsLeft(it: OnAir, heard: Heard, now: number): number | null {
  if (it.progress == null) return null
  return Math.max(0, (1 - progressAt(it, heard, now)) * it.duration)
}

/** Remembers when each progress was heard, so that a row that repeats it does not set the clock back. */
export function remember(memory: Map<number, Heard>, rows: Iterable<OnAir>, at: number): Map<number, Heard> {
  const next = new Map<number, Heard>()
  for (const row of rows) {
    const before = memory.get(row.assignment_id)
    const progress = row.progress ?? 0
    next.set(row.assignment_id, before && before.progress === progress ? before : { progress, at })
  }
  return next
}
