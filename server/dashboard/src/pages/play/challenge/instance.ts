import type { OwnInstance, SessionState } from '../../../api/schema.gen'

/** An instance, with the moments of its request and its end by the clock that the page counts by. */
export interface Held {
  instance: OwnInstance
  askedAt: number
  endsAt: number
}

/** The server says how long is left, so that a wrong clock of the browser does no harm. */
export function held(instance: OwnInstance, now: number): Held {
  const endsAt = now + instance.seconds_left * 1000
  const whole = Date.parse(instance.expires_at) - Date.parse(instance.requested_at)
  return { instance, askedAt: endsAt - whole, endsAt }
}

/** Whether another can be started: there is none, or nothing of it is left. */
export const isOver = (state: SessionState) => state === 'stopped' || state === 'failed'

/** Whether it will soon be something else. */
export const isChanging = (state: SessionState | null) => state === 'starting' || state === 'stopping'

/** How a port is written in a browser or a terminal. */
export const addressOf = (it: { host: string; host_port: number }) =>
  it.host.includes(':') ? `[${it.host}]:${it.host_port}` : `${it.host}:${it.host_port}`
