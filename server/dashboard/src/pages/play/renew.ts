import type { PlayTokens } from '../../api/schema.gen'
import { forget, login, renewed, stored } from './login'

let underWay: Promise<boolean> | null = null

/**
 * Gets new tokens instead of an access token that the server takes no longer; gives whether there are some now. One request
 * for all that wait: a refresh token that is used twice ends its login.
 */
export function renew(used: string): Promise<boolean> {
  underWay ??= alone(() => exchange(used)).finally(() => (underWay = null))
  return underWay
}

/** One tab at a time. Browsers have such locks over TLS only; without, tabs that are hidden still ask nothing. */
function alone(act: () => Promise<boolean>): Promise<boolean> {
  const locks = navigator.locks as LockManager | undefined
  return locks ? locks.request('play-login', act) : act()
}

async function exchange(used: string): Promise<boolean> {
  const kept = stored()
  if (kept === null || kept.access !== used) {
    // Another tab was faster.
    login.value = kept
    return kept !== null
  }
  const answer = await fetch('/api/play/refresh', {
    method: 'POST',
    credentials: 'omit',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ refresh_token: kept.refresh }),
  })
  if (answer.ok) renewed(kept, (await answer.json()) as PlayTokens)
  // Any other failure may pass, and the token with it.
  else if (answer.status === 401) forget('ended')
  return answer.ok
}
