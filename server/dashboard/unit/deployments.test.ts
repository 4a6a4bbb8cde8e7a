import { expect, test } from 'vitest'
import type { Deployment, DeploymentStatus, TeamInstance } from '../src/api/schema.gen'
import { canRedeploy, canStop, find, rank, shown, summary } from '../src/pages/deployments/deployments'
import { sorted } from '../src/ui/table/table'

const of = (team: string, status: DeploymentStatus, desired: TeamInstance['desired'] = 'running') =>
  ({ team, status, desired }) as TeamInstance
const shop = [of('team-001', 'running'), of('team-002', 'failed'), of('team-003', 'running'), of('team-004', 'stopped')]

test('a line says how many run, and what the others do, the gravest first', () => {
  expect(summary(shop)).toBe('2 of 4 run, 1 failed, 1 stopped')
  expect(summary(shop.slice(0, 1))).toBe('1 of 1 run')
  expect(summary([])).toBe('0 of 0 run')
})

test('those that do not run are found among many', () => {
  expect(shown(shop, true).map((it) => it.team)).toEqual(['team-002', 'team-004'])
  expect(shown(shop, false)).toBe(shop)
})

test('sorted by status, what needs somebody comes first', () => {
  const column = { id: 'status', label: '', width: '', narrow: 'hide' as const, sort: rank }
  const order = sorted(shop, [column], { column: 'status', down: false }).map((it) => it.team)
  expect(order).toEqual(['team-002', 'team-004', 'team-001', 'team-003'])
})

test('a team that is looked at is the one of the newest answer, until it is removed', () => {
  const before = [{ deployment_id: 'a', instances: shop }] as unknown as Deployment[]
  const after = [{ deployment_id: 'a', instances: [of('team-001', 'stopping')] }] as unknown as Deployment[]
  expect(find(before, 'a', 'team-001')?.instance.status).toBe('running')
  expect(find(after, 'a', 'team-001')?.instance.status).toBe('stopping')
  expect(find(after, 'a', 'team-002')).toBeNull()
  expect(find(after, 'b', 'team-001')).toBeNull()
})

test('what is stopped or goes cannot be stopped again, and what is switched off cannot be deployed', () => {
  expect(canStop(of('team-001', 'failed'))).toBe(true)
  expect(canStop(of('team-001', 'stopping', 'stopped'))).toBe(false)
  expect(canStop(of('team-001', 'stopping', 'removed'))).toBe(false)
  expect(canRedeploy({ active: false } as Deployment)).toBe(false)
})
