import { computed, ref, shallowRef } from 'vue'
import { api, ask, Problem, whenLoginIsLost } from '../api/client'
import type { Role, Session } from '../api/schema.gen'
import { connect, disconnect } from '../live/connection'

/** Whose browser this is. `ended`: there was a login, which the server takes no longer. */
type Standing = 'unknown' | 'out' | 'in' | 'ended'

export const session = shallowRef<Session | null>(null)
export const standing = ref<Standing>('unknown')
const order: Role[] = ['viewer', 'operator', 'admin', 'master']

/** Whether the account may do what takes this role. The server decides; this only keeps buttons away. */
export function may(least: Role): boolean {
  return session.value !== null && order.indexOf(session.value.user.role) >= order.indexOf(least)
}

export const isOperator = computed(() => may('operator'))
export const isAdmin = computed(() => may('admin'))
export const username = computed(() => session.value?.user.username ?? '')

/** Roles that this account may give. */
export const givable = computed(() => order.slice(0, session.value ? order.indexOf(session.value.user.role) : 0))

whenLoginIsLost(() => {
  if (standing.value === 'in') void end()
})

/** Asks the server whose login the browser holds, and begins to watch the event if there is one. */
export async function load(): Promise<void> {
  try {
    session.value = await ask(api.GET('/api/auth/session'))
    if (standing.value !== 'in') connect(() => void end())
    standing.value = 'in'
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) await leave()
    else throw problem
  }
}

/** The server took the login no longer: looks again, since a server that starts may refuse for a moment. */
async function end() {
  try {
    await ask(api.GET('/api/auth/session'))
    connect(() => void end())
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) standing.value = 'ended'
  }
}

export async function logOut() {
  await ask(api.POST('/api/auth/logout'))
  await leave()
}

async function leave() {
  disconnect()
  session.value = null
  standing.value = 'out'
}
