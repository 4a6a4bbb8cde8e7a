import type { EventState } from './apply'

/** What holds the system back, the strongest first. */
export type Operating = 'stopped' | 'paused' | 'closed' | 'opened' | 'running'

export function operating(state: EventState | null): Operating {
  const control = state?.control
  if (control?.emergency_stop) return 'stopped'
  if (control?.paused) return 'paused'
  if (control?.closed_by_hours) return 'closed'
  if (control?.opened_at) return 'opened'
  return 'running'
}
