import createClient from 'openapi-fetch'
import { isLoginMissing } from '../../../api/client'
import type { paths } from '../../../api/schema.gen'
import { login } from './login'
import { renew } from './renew'

function withToken(request: Request, access: string): Request {
  const headers = new Headers(request.headers)
  headers.set('Authorization', `Bearer ${access}`)
  return new Request(request, { headers })
}

/** Sends a request as the player who is logged in; with new tokens if the old ones have run out. */
export async function send(request: Request): Promise<Response> {
  const used = login.value?.access
  if (used === undefined) return fetch(request)
  const again = request.clone()
  const answer = await fetch(withToken(request, used))
  if (!(await isLoginMissing(answer)) || !(await renew(used))) return answer
  const access = login.value?.access
  return access === undefined ? answer : fetch(withToken(again, access))
}

/** The API of players. It takes tokens and no cookies: an operator's login in the same browser does not play. */
export const play = createClient<paths>({ baseUrl: location.origin, credentials: 'omit', fetch: send })
