import type { Runner } from '../api/schema.gen'

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
