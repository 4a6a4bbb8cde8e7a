import type { DashboardChanges, DashboardState } from '../api/schema.gen'

/** How things stand. Every change makes a new one, so that what draws from it knows what to draw anew. */
export interface EventState {
  challenges: ReadonlyMap<number, DashboardState['challenges'][number]>
  runners: ReadonlyMap<string, DashboardState['runners'][number]>
  on_air: ReadonlyMap<number, DashboardState['on_air'][number]>
  alarms: ReadonlyMap<string, DashboardState['alarms'][number]>
  past_alarms: ReadonlyMap<number, DashboardState['past_alarms'][number]>
  recent: ReadonlyMap<number, DashboardState['recent'][number]>
  activity: ReadonlyMap<string, DashboardState['activity'][number]>
  control: DashboardState['control']
  conference: DashboardState['conference']
  totals: DashboardState['totals']
  /** Grows with each change of an instance. */
  instances_revision: number
  /** Grows with each submission. */
  latest_submission: number
  /** The version of the server. */
  version: string
  /** When the server last said anything, by its clock. */
  timestamp: string
}

/** By what the rows of each list are known. */
const keys = {
  challenges: 'challenge_id',
  runners: 'runner_id',
  on_air: 'assignment_id',
  alarms: 'alarm_id',
  past_alarms: 'number',
  recent: 'log_id',
  activity: 'start',
} as const

type List = keyof typeof keys

function byKey<Row extends object, Key>(rows: readonly Row[], key: keyof Row): ReadonlyMap<Key, Row> {
  return new Map(rows.map((row) => [row[key] as Key, row]))
}

export function first(state: DashboardState): EventState {
  return {
    challenges: byKey(state.challenges, keys.challenges),
    runners: byKey(state.runners, keys.runners),
    on_air: byKey(state.on_air, keys.on_air),
    alarms: byKey(state.alarms, keys.alarms),
    past_alarms: byKey(state.past_alarms, keys.past_alarms),
    recent: byKey(state.recent, keys.recent),
    activity: byKey(state.activity, keys.activity),
    control: state.control,
    conference: state.conference,
    totals: state.totals,
    instances_revision: state.instances_revision,
    latest_submission: state.latest_submission,
    version: state.version,
    timestamp: state.timestamp,
  }
}

/** The state after what the server says has changed. Lists that did not change stay the same object. */
export function apply(state: EventState, changes: DashboardChanges): EventState {
  const next: Record<string, unknown> = { ...state, timestamp: changes.timestamp }
  for (const list of Object.keys(keys) as List[]) {
    const changed = changes[list]
    const gone = changes.removed?.[list]
    if (!changed && !gone) continue
    const rows = new Map<unknown, unknown>(state[list])
    for (const key of gone ?? []) rows.delete(key)
    for (const row of changed ?? []) rows.set((row as Record<string, unknown>)[keys[list]], row)
    next[list] = rows
  }
  if (changes.control) next['control'] = changes.control
  if (changes.conference) next['conference'] = changes.conference
  if (changes.totals) next['totals'] = changes.totals
  if (changes.instances_revision != null) next['instances_revision'] = changes.instances_revision
  if (changes.latest_submission != null) next['latest_submission'] = changes.latest_submission
  return next as unknown as EventState
}
