import { expect, type Page } from '@playwright/test'
import type { Site } from './site.ts'

/** What lets players in, as settings of the server. */
export const REGISTRATION = 'players: {registration: code, registration_code: camp on the hill}\n'
const CODE = 'camp on the hill'

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
