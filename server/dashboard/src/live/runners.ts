import type { Radio, Runner } from '../api/schema.gen'

/** How a runner is, in one word for people. `silent` is not `offline`: it did not sign out, and may still be on air. */
export type RunnerLook = 'new' | 'offline' | 'silent' | 'disabled' | 'draining' | 'busy' | 'idle'

export function look(runner: Runner, silent: ReadonlySet<string>): RunnerLook {
  if (runner.status === 'offline') {
    if (silent.has(runner.runner_id)) return 'silent'
    return runner.registered_at ? 'offline' : 'new'
  }
  if (!runner.enabled) return runner.busy ? 'draining' : 'disabled'
  return runner.busy ? 'busy' : 'idle'
}

/** Seconds for which a radio still rests after what it sent last; 0: it may send. */
export function restLeft(radio: Radio, now: number): number {
  return radio.rests_until == null ? 0 : Math.max(0, (Date.parse(radio.rests_until) - now) / 1000)
}

/** Less than this is the way of the request through the network. */
const CLOCK_TOLERANCE = 1

/** By how many seconds the clock of a runner is off, ahead or (negative) behind; 0: it is right; null: not known. */
export function clockOff({ clock_ahead_seconds: ahead }: Runner): number | null {
  if (ahead == null) return null
  return Math.abs(ahead) < CLOCK_TOLERANCE ? 0 : ahead
}
