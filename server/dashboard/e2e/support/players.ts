import { expect, type Page } from '@playwright/test'
import { freePort, Site } from './site.ts'

const CODE = 'camp on the hill'
const REGISTRATION = `players: {registration: code, registration_code: ${CODE}}\n`

/** A server that lets players in, and has the sample of the challenges that run as instances. */
export async function siteOfPlayers(): Promise<Site> {
  return Site.start({ settings: `${REGISTRATION}engine: {listen: "127.0.0.1:${await freePort()}"}\n` })
}

/** Sets the flag of a challenge, with the login of an admin that the page has. */
export async function setFlag(page: Page, site: Site, challenge: number, flag: string) {
  const data = { points: 100, parts: [{ flags: [{ mode: 'text', content: flag }] }] }
  const answer = await page.request.put(`${site.url}/api/challenges/${challenge}/flags`, { data })
  expect(answer.ok(), await answer.text()).toBe(true)
}

/**
 * A runner with an engine that is this test: it reports each order as carried out, and starts nothing. Ends when the site
 * does. Gives the flags that it was to put into containers. `until`: what its first reports wait for.
 */
export async function engine(
  site: Site,
  id: string,
  { until = Promise.resolve(), capacity = 20, kind = 'docker' } = {},
) {
  const host = await site.impostor(id)
  const ports = { first: 30_000, last: 30_100 }
  await host.register({ engines: [{ id: kind, kind, host: 'play.example', ports, capacity }] })
  const flags: string[] = []
  void (async () => {
    let since = 0
    for (;;) {
      const { revision, orders } = await host.orders(since)
      flags.push(...(JSON.stringify(orders).match(/flag\{[^"}]*\}/g) ?? []))
      const reports = orders.map(({ session_id, fence, run }) => ({
        session_id,
        fence,
        state: run ? 'running' : 'removed',
      }))
      if (reports.length > 0) await until
      if (reports.length > 0) await host.send('instances', { reports })
      since = revision
    }
  })().catch(() => undefined)
  return flags
}

/** A player without a browser: over the API, as a program plays. */
export async function player(site: Site, username: string) {
  const post = async (path: string, body: object, access = '') => {
    const headers = { 'Content-Type': 'application/json', ...(access ? { Authorization: `Bearer ${access}` } : {}) }
    const answer = await fetch(`${site.url}/api/play/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const text = await answer.text()
    expect(answer.ok, `${path}: ${text}`).toBe(true)
    return JSON.parse(text) as Record<string, string>
  }
  const password = `what only ${username} knows`
  const { access_token: access } = await post('register', { username, password, registration_code: CODE })
  return { password, post: (path: string, body: object = {}) => post(path, body, access) }
}

/** Registers by the form, as a person does. */
export async function register(page: Page, site: Site, username: string) {
  await page.goto(`${site.url}/play`)
  await page.getByRole('tab', { name: 'Register' }).click()
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password').fill(`what only ${username} knows`)
  await page.getByLabel('Registration code').fill(CODE)
  await page.getByRole('button', { name: 'Register' }).click()
  await expect(page.getByRole('button', { name: 'Log out' })).toBeVisible()
}

/** Logs a player in by the form. */
export async function logInToPlay(page: Page, site: Site, username: string, password: string) {
  await page.goto(`${site.url}/play`)
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('button', { name: 'Log out' })).toBeVisible()
}
