import type { Challenge } from '../api/schema.gen'
import type { EventState } from './apply'

/** What comes next: what is due in the order in which it may go, then what rests, by when it is due. */
export function queue(state: EventState | null): Challenge[] {
  const open = [...(state?.challenges.values() ?? [])].filter((it) => it.enabled && it.state !== 'assigned')
  const rank = (it: Challenge) => (it.triggered ? 0 : it.state === 'queued' ? 1 : 2)
  return open.sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.state === 'queued' ? b.priority - a.priority : 0) ||
      a.next_run.localeCompare(b.next_run) ||
      a.challenge_id - b.challenge_id,
  )
}
