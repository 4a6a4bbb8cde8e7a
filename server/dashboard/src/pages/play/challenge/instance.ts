import type { OwnInstance, SessionState } from '../../../api/schema.gen'

/** An instance, with its moments by the clock that the page counts by. */
export interface Held {
  instance: OwnInstance
  askedAt: number
  endsAt: number
  /** When it ends without a sign of life; null: it needs none. */
  idleAt: number | null
  /** Seconds for which a sign of life was good when the server said this. */
  idleFor: number | null
}

/** The server says how long is left, so that a wrong clock of the browser does no harm. */
export function held(instance: OwnInstance, now: number): Held {
  const endsAt = now + instance.seconds_left * 1000
  const by = (moment: string) => endsAt - (Date.parse(instance.expires_at) - Date.parse(moment))
  const idleAt = instance.idle_at == null ? null : by(instance.idle_at)
  const idleFor = idleAt === null ? null : (idleAt - now) / 1000
  return { instance, askedAt: by(instance.requested_at), endsAt, idleAt, idleFor }
}

/** Whether another can be started: there is none, or nothing of it is left. */
export const isOver = (state: SessionState) => state === 'stopped' || state === 'failed'

/** Whether it will soon be something else. */
export const isChanging = (state: SessionState | null) =>
  state === 'queued' || state === 'starting' || state === 'stopping'

/** Whether it ends unless its owner gives a sign of life. */
export const needsSign = (it: Held | null) => it?.instance.state === 'running' && it.idleAt !== null

/** Seconds until the next look: soon while it is about to change, and in time for the next sign of life. */
export function nextLook(it: Held | null, isMoving: boolean): number | undefined {
  if (isMoving) return 2
  if (!needsSign(it)) return undefined
  return Math.min(15, Math.max(2, (it?.idleFor ?? 0) / 3))
}

/** How a port is written in a browser or a terminal. */
export const addressOf = (it: { host: string; host_port: number }) =>
  it.host.includes(':') ? `[${it.host}]:${it.host_port}` : `${it.host}:${it.host_port}`
