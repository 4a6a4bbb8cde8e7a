import { api, ask } from '../../api/client'
import type { Deployment } from '../../api/schema.gen'
import { text } from '../../text'
import { sure } from '../../ui/dialog/question'
import { attempt } from '../../ui/notes'
import type { TeamOf } from './deployments'

const words = text.deployments

/** Each asks before it does something, as what was done in an instance is lost with its pod. */

export async function redeploy({ deployment, instance: { team } }: TeamOf) {
  const title = words.askRedeploy(team, deployment.challenge)
  if (!(await sure({ title, text: words.askRedeployText, act: words.redeploy, harms: true }))) return
  const params = { path: { deployment_id: deployment.deployment_id, team } }
  const path = '/api/deployments/{deployment_id}/teams/{team}/redeploy'
  await attempt(() => ask(api.POST(path, { params })), words.redeploying(team))
}

export async function stop({ deployment, instance: { team } }: TeamOf) {
  const title = words.askStop(team, deployment.challenge)
  if (!(await sure({ title, text: words.askStopText, act: words.stop, harms: true }))) return
  const params = { path: { deployment_id: deployment.deployment_id, team } }
  const path = '/api/deployments/{deployment_id}/teams/{team}/stop'
  await attempt(() => ask(api.POST(path, { params })), words.stopping(team))
}

export async function redeployAll(of: Deployment) {
  const title = words.askRedeployAll(of.challenge, of.instances.length)
  if (!(await sure({ title, text: words.askRedeployAllText, act: words.redeployAll, harms: true }))) return
  const params = { path: { deployment_id: of.deployment_id } }
  const path = '/api/deployments/{deployment_id}/redeploy'
  await attempt(() => ask(api.POST(path, { params })), words.redeployingAll(of.challenge))
}

export async function stopAll(of: Deployment) {
  const title = words.askStopAll(of.challenge, of.instances.length)
  if (!(await sure({ title, text: words.askStopAllText, act: words.stopAll, harms: true }))) return
  const params = { path: { deployment_id: of.deployment_id } }
  const path = '/api/deployments/{deployment_id}/stop'
  await attempt(() => ask(api.POST(path, { params })), words.stoppingAll(of.challenge))
}
