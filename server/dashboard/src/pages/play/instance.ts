import type { OwnInstance, SessionState } from '../../api/schema.gen'

/** An instance, with the moment of its end by the clock that the page counts by. */
export interface Held {
  instance: OwnInstance
  endsAt: number
}

/** The server says how long is left, so that a wrong clock of the browser does no harm. */
export const held = (instance: OwnInstance, now: number): Held => ({
  instance,
  endsAt: now + instance.seconds_left * 1000,
})

/** Whether another can be started: there is none, or nothing of it is left. */
export const isOver = (state: SessionState) => state === 'stopped' || state === 'failed'

/** How a port is written in a browser or a terminal. */
export const addressOf = (it: { host: string; host_port: number }) =>
  it.host.includes(':') ? `[${it.host}]:${it.host_port}` : `${it.host}:${it.host_port}`
