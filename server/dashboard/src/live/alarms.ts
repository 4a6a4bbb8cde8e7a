import type { Alarm, AlarmKind } from '../api/schema.gen'
import type { EventState } from './apply'

/** 1: a carrier that is not under control. 2: something does not work. 3: worth knowing. */
export type Priority = 1 | 2 | 3

const usual: Record<AlarmKind, Priority> = {
  stop_unrecorded: 1,
  runner_silent: 2,
  runner_twice: 2,
  runner_moved: 2,
  radio_failed: 2,
  challenge_unsendable: 2,
  restored: 3,
  flag_shared: 3,
  instance_failed: 2,
  clock: 3,
}

export function priority(alarm: Alarm, state: EventState): Priority {
  const isOnAir = () => [...state.on_air.values()].some((it) => it.runner_id === alarm.subject)
  if (alarm.kind === 'runner_silent' && isOnAir()) return 1
  return usual[alarm.kind]
}

/** The page on which it can be helped. */
export function placeOf(alarm: Alarm): string {
  switch (alarm.kind) {
    case 'runner_silent':
    case 'runner_twice':
    case 'runner_moved':
      return `/runners/${encodeURIComponent(alarm.subject)}`
    case 'radio_failed':
      // The subject is RUNNER/RADIO.
      return `/runners/${encodeURIComponent(alarm.subject.split('/')[0] ?? '')}`
    case 'challenge_unsendable':
      return alarm.subject ? `/challenges?search=${encodeURIComponent(alarm.subject)}` : '/challenges'
    case 'flag_shared':
      return '/submissions'
    case 'instance_failed':
      return '/instances'
    default:
      return '/logs'
  }
}

/** The runners for which there is the alarm that they fell silent: what they do is not known. */
export function silentRunners(state: EventState | null): ReadonlySet<string> {
  const silent = [...(state?.alarms.values() ?? [])].filter((it) => it.kind === 'runner_silent')
  return new Set(silent.map((it) => it.subject))
}

export interface Ranked extends Alarm {
  priority: Priority
}

/** The alarms in force: the gravest first, then the newest. */
export function ranked(state: EventState | null): Ranked[] {
  if (!state) return []
  const all = [...state.alarms.values()].map((alarm) => ({ ...alarm, priority: priority(alarm, state) }))
  return all.sort((a, b) => a.priority - b.priority || b.since.localeCompare(a.since))
}

/** Whether somebody has put it out of the way for now. */
export function isShelved(alarm: Alarm, now: number): boolean {
  return alarm.shelved_until != null && Date.parse(alarm.shelved_until) > now
}
