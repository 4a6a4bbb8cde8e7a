import { ref, shallowRef } from 'vue'
import type { PlayLogin, PlayTokens } from '../../../api/schema.gen'

/** A player's login: what this browser keeps of it. */
export interface Login {
  username: string
  access: string
  refresh: string
}

const LOGIN = 'play-login'
const DEVICE = 'play-device'

/**
 * The login as it is kept. In `localStorage`, so that all tabs share one refresh token: a copy that a second tab used
 * again would end the login.
 */
export function stored(): Login | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(LOGIN) ?? 'null')
    return isLogin(kept) ? kept : null
  } catch {
    return null
  }
}

function isLogin(kept: unknown): kept is Login {
  if (typeof kept !== 'object' || kept === null) return false
  return ['username', 'access', 'refresh'].every((key) => typeof (kept as Record<string, unknown>)[key] === 'string')
}

/** Whose browser this is; null: nobody is logged in. */
export const login = shallowRef<Login | null>(stored())

// Another tab has logged in or out, or has new tokens.
addEventListener('storage', (event) => {
  if (event.key === LOGIN || event.key === null) login.value = stored()
})

function set(next: Login | null) {
  if (next) localStorage.setItem(LOGIN, JSON.stringify(next))
  else localStorage.removeItem(LOGIN)
  login.value = next
}

export function keep(made: PlayLogin) {
  if (made.device_token) localStorage.setItem(DEVICE, made.device_token)
  hasEnded.value = false
  set({ username: made.username, access: made.access_token, refresh: made.refresh_token })
}

/** Replaces the tokens of a login. */
export function renewed(of: Login, tokens: PlayTokens) {
  set({ username: of.username, access: tokens.access_token, refresh: tokens.refresh_token })
}

/** Whether the login ended without the player's doing: by its time, a ban, or another password. */
export const hasEnded = ref(false)

/** The device token stays: it keeps this browser able to log in while somebody guesses the password. */
export function forget(why: 'logged out' | 'ended') {
  hasEnded.value = why === 'ended'
  set(null)
}

export const device = () => localStorage.getItem(DEVICE)
