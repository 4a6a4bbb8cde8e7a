import { expect, test } from 'vitest'
import type { DashboardChanges, DashboardState } from '../src/api/schema.gen'
import { apply, first } from '../src/live/apply'

const runner = (runner_id: string, busy: boolean) => ({ runner_id, busy }) as DashboardState['runners'][number]
const start = {
  challenges: [],
  runners: [runner('a', false), runner('b', false)],
  on_air: [],
  alarms: [],
  past_alarms: [],
  recent: [],
  activity: [],
  control: { paused: false },
  conference: { timezone: 'UTC' },
  totals: { success: 1, failed: 0, aborted: 0 },
  version: '1.0.0',
  timestamp: '2026-05-05T09:00:00.000Z',
} as unknown as DashboardState

test('rows that differ are replaced, rows that are gone go, and the rest stays the same object', () => {
  const before = first(start)
  const changes = { runners: [runner('b', true), runner('c', false)], removed: { runners: ['a'] }, timestamp: 'later' }
  const after = apply(before, changes as unknown as DashboardChanges)
  expect([...after.runners.values()]).toEqual([runner('b', true), runner('c', false)])
  expect(after.timestamp).toBe('later')
  expect(after.challenges).toBe(before.challenges)
  expect(after.control).toBe(before.control)
  expect([...before.runners.keys()]).toEqual(['a', 'b'])
})

test('what is one thing is replaced as a whole', () => {
  const control = { paused: true, paused_by: 'oli' }
  const after = apply(first(start), { control, timestamp: 'later' } as unknown as DashboardChanges)
  expect(after.control).toEqual(control)
})

test('a sign of life changes nothing but the time', () => {
  const before = first(start)
  expect(apply(before, { timestamp: 'later' })).toEqual({ ...before, timestamp: 'later' })
})
