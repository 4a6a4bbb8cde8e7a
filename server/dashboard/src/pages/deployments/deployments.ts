import type { Deployment, DeploymentStatus, TeamInstance } from '../../api/schema.gen'
import { text } from '../../text'

/** What is listed first: what needs somebody. */
const ORDER: readonly DeploymentStatus[] = ['failed', 'pending', 'deploying', 'stopping', 'stopped', 'running']

/** A team within its challenge. */
export interface TeamOf {
  deployment: Deployment
  instance: TeamInstance
}

/** How many instances run, and what the others do: “3 of 5 run, 2 failed”. */
export function summary(instances: readonly TeamInstance[]): string {
  const of = (status: DeploymentStatus) => instances.filter((it) => it.status === status).length
  const others = ORDER.filter((status) => status !== 'running' && of(status) > 0)
  const words = text.deployments
  return [words.counted(of('running'), instances.length), ...others.map((it) => words.counts[it](of(it)))].join(', ')
}

/** The instances in sight: all, or those that are not as they should be. */
export function shown(instances: readonly TeamInstance[], onlyOdd: boolean): readonly TeamInstance[] {
  return onlyOdd ? instances.filter((it) => it.status !== 'running') : instances
}

/** What a status is sorted by. */
export const rank = (it: TeamInstance): number => ORDER.indexOf(it.status)

/** The instance of a team as it is now; null: it is removed. */
export function find(all: readonly Deployment[], id: string, team: string): TeamOf | null {
  const deployment = all.find((it) => it.deployment_id === id)
  const instance = deployment?.instances.find((it) => it.team === team)
  return deployment && instance ? { deployment, instance } : null
}

/** Whether an operator can stop it. */
export const canStop = (it: TeamInstance): boolean => it.desired === 'running'

/** Whether an operator can redeploy it. */
export const canRedeploy = (of: Deployment): boolean => of.active
