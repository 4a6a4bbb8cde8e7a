import type { PlayTokens } from '../../../api/schema.gen'
import { forget, login, renewed, stored, type Login } from './login'

let underWay: Promise<boolean> | null = null

/**
 * Gets new tokens instead of an access token that the server takes no longer; gives whether there are some now. One request
 * for all that wait: a refresh token that is used again later ends its login.
 */
export function renew(used: string): Promise<boolean> {
  underWay ??= alone(() => exchange(used)).finally(() => (underWay = null))
  return underWay
}

/** One window at a time, where there are such locks: browsers have them over TLS only. */
function alone(act: () => Promise<boolean>): Promise<boolean> {
  const locks = navigator.locks as LockManager | undefined
  return locks ? locks.request('play-login', act) : act()
}

async function exchange(used: string): Promise<boolean> {
  const kept = stored()
  if (kept === null || kept.access !== used) {
    // Another window was faster.
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
  // Another window has sent it at the same time, and was given the new ones.
  else if (answer.status === 409) return replaced(kept)
  // Any other failure may pass, and the token with it.
  else if (answer.status === 401) forget('ended')
  return answer.ok
}

/** How long the server knows a token as one that was just replaced. */
const GRACE = 10_000

/** Waits until the other window has kept what it was given; gives whether it did. */
function replaced(of: Login): Promise<boolean> {
  return new Promise((resolve) => {
    const ended = setTimeout(() => done(false), GRACE)
    function look() {
      const kept = stored()
      if (kept?.access === of.access) return
      login.value = kept
      done(kept !== null)
    }
    function done(isNew: boolean) {
      clearTimeout(ended)
      removeEventListener('storage', look)
      resolve(isNew)
    }
    addEventListener('storage', look)
    look()
  })
}
