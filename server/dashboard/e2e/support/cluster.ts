import { expect } from '@playwright/test'
import { freePort, Site, type Order } from './site.ts'

const PASSWORD = 'AdminPass123'

/** A server whose challenges are deployed for teams, and the one who deploys them, over the API as a program does. */
export async function siteOfDeployments() {
  const port = await freePort()
  const site = await Site.start({ settings: `pacstar: {listen: "127.0.0.1:${port}"}\n` })
  const send = async (path: string, body: object, token = '') => {
    const headers = { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) }
    const url = `http://127.0.0.1:${port}/api/v1/${path}`
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    const text = await answer.text()
    expect(answer.ok, `${path}: ${text}`).toBe(true)
    return JSON.parse(text) as Record<string, string>
  }
  const who = { username: 'master_admin', password: PASSWORD }
  await send('auth/register', { ...who, email: 'admin@example.com', zone: 'main' })
  const { access_token: token } = await send('auth/login', who)
  /** Creates a challenge; gives what deploys it. */
  const challenge = async (name: string, teams: number) => {
    const config = { challenge_type: 'web', image: 'nginx:alpine', ports: [80] }
    const body = { name, description: 'A shop for all teams', config, total_teams: teams }
    const { id } = await send('challenges/', body, token)
    return () => send(`challenges/${id}/deploy`, {}, token)
  }
  return { site, challenge }
}

/** What a cluster says of an instance: why it does not run, or nothing. */
type Says = (order: Order) => string | undefined

/**
 * A runner with a cluster that is this test: it says that what is ordered is so, unless `says` knows better. Gives what lets
 * it fall silent, as when its host loses its power.
 */
export async function cluster(site: Site, id: string, says: Says = () => undefined) {
  const host = await site.impostor(id)
  const ports = { first: 1, last: 65_535 }
  await host.register({
    assignments: [],
    engines: [{ id: 'k8s', kind: 'kubernetes', host: 'cluster.example', ports, capacity: 1000 }],
  })
  const report = (order: Order) => {
    const { session_id, fence, run } = order
    const deployment = run?.deployment
    if (!deployment) return { session_id, fence, state: 'removed' }
    if (deployment.is_paused) return { session_id, fence, state: 'paused' }
    const reason = says(order)
    if (reason !== undefined) return { session_id, fence, state: 'pending', reason }
    const pods = [`${deployment.name}-pod-${session_id}-${fence}`]
    const deployed = { pods, host: deployment.address, node: 'node-1', internal_ip: `10.42.0.${session_id}` }
    return { session_id, fence, state: 'running', deployed }
  }
  let isOn = true
  void (async () => {
    let since = 0
    while (isOn) {
      const { revision, orders, inspections = [] } = await host.orders(since)
      if (orders.length > 0) await host.send('instances', { reports: orders.map(report) })
      for (const { inspection_id, subject } of inspections) {
        const output =
          subject === 'events' ? `Warning BackOff Pod/shop: ${'a long message '.repeat(9)}\n` : 'GET / 200\n'
        await host.send('inspections', { inspection_id, output })
      }
      since = revision
    }
  })().catch(() => undefined)
  return () => void (isOn = false)
}
