import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { send } from '../src/pages/play/entry/client'
import { device, forget, hasEnded, keep, login, stored } from '../src/pages/play/entry/login'

const tokens = (n: number) => ({
  access_token: `access ${n}`,
  refresh_token: `refresh ${n}`,
  token_type: 'Bearer',
  expires_in: 900,
})
const entered = { status: 'success', username: 'ada', device_token: 'device', ...tokens(1) }
const request = () => new Request('http://server.example/api/play/me')

/** A server that knows one access token, and may refuse to refresh. */
function server(refresh: () => Response) {
  const known = { access: 'access 2', refreshes: [] as string[], sent: [] as (string | null)[] }
  vi.stubGlobal('fetch', async (asked: Request | string, init?: RequestInit) => {
    if (typeof asked === 'string') {
      known.refreshes.push(String(init?.body))
      return refresh()
    }
    const given = asked.headers.get('Authorization')
    known.sent.push(given)
    return new Response(null, { status: given === `Bearer ${known.access}` ? 200 : 401 })
  })
  return known
}

beforeEach(() => keep(entered))
afterEach(() => {
  vi.unstubAllGlobals()
  localStorage.clear()
})

test('requests that are refused together wait for one refresh, and are sent again', async () => {
  const known = server(() => Response.json(tokens(2)))
  const answers = await Promise.all([send(request()), send(request()), send(request())])
  expect(answers.map((it) => it.status)).toEqual([200, 200, 200])
  expect(known.refreshes).toEqual(['{"refresh_token":"refresh 1"}'])
  expect(stored()).toEqual({ username: 'ada', access: 'access 2', refresh: 'refresh 2' })
})

test('tokens that another tab has renewed are taken without a refresh', async () => {
  const known = server(() => Response.json(tokens(3)))
  localStorage.setItem('play-login', JSON.stringify({ username: 'ada', access: 'access 2', refresh: 'refresh 2' }))
  expect((await send(request())).status).toBe(200)
  expect(known.refreshes).toEqual([])
  expect(login.value?.access).toBe('access 2')
})

test('a login that has ended is forgotten; a server that fails for a moment ends none', async () => {
  server(() => new Response(null, { status: 503 }))
  expect((await send(request())).status).toBe(401)
  expect(login.value?.refresh).toBe('refresh 1')
  server(() => new Response(null, { status: 401 }))
  expect((await send(request())).status).toBe(401)
  expect([login.value, stored(), device(), hasEnded.value]).toEqual([null, null, 'device', true])
})

test('what another window was given for the same token is taken, as soon as it is there', async () => {
  const known = server(() => Response.json({ error: 'conflict', details: 'replaced' }, { status: 409 }))
  const answer = send(request())
  await vi.waitFor(() => expect(known.refreshes).toHaveLength(1))
  localStorage.setItem('play-login', JSON.stringify({ username: 'ada', access: 'access 2', refresh: 'refresh 2' }))
  dispatchEvent(new StorageEvent('storage', { key: 'play-login' }))
  expect((await answer).status).toBe(200)
  expect(login.value?.refresh).toBe('refresh 2')
})

test('another window that is never given any ends no login', async () => {
  vi.useFakeTimers()
  server(() => Response.json({ error: 'conflict', details: 'replaced' }, { status: 409 }))
  const answer = send(request())
  await vi.advanceTimersByTimeAsync(10_000)
  expect((await answer).status).toBe(401)
  expect([login.value?.refresh, hasEnded.value]).toEqual(['refresh 1', false])
  vi.useRealTimers()
})

test('a wrong password is no reason to refresh', async () => {
  const refreshes: unknown[] = []
  vi.stubGlobal('fetch', async (asked: Request | string) => {
    if (typeof asked === 'string') refreshes.push(asked)
    return Response.json({ error: 'invalid credentials', details: 'the password is wrong' }, { status: 401 })
  })
  const answer = await send(request())
  expect(answer.status).toBe(401)
  expect(await answer.json()).toMatchObject({ error: 'invalid credentials' })
  expect(refreshes).toEqual([])
})

test('without a login a request carries nothing and is sent once', async () => {
  forget('logged out')
  const known = server(() => Response.json(tokens(2)))
  expect((await send(request())).status).toBe(401)
  expect([known.sent, known.refreshes]).toEqual([[null], []])
})

test('what is not a login in the storage counts as none', () => {
  for (const kept of ['{', 'null', '7', '{"username":"ada"}', '{"username":1,"access":"a","refresh":"r"}']) {
    localStorage.setItem('play-login', kept)
    expect(stored(), kept).toBeNull()
  }
})
