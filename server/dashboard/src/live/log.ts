import { io } from 'socket.io-client'
import type { LiveEvent } from '../api/schema.gen'

export type LogEvent = Extract<LiveEvent, { type: 'log' }>

/** Milliseconds in which lines are gathered: a page of a thousand is not drawn anew for each of fifty a second. */
const GATHER = 250

/**
 * Tells the lines of the log as they are written, the newest first; gives what ends that. It shares the connection of the
 * dashboard.
 */
export function watchLog(onLines: (lines: LogEvent[]) => void): () => void {
  const socket = io('/', { transports: ['websocket', 'polling'] })
  let gathered: LogEvent[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const tell = () => {
    timer = undefined
    const lines = gathered.reverse()
    gathered = []
    onLines(lines)
  }
  socket.on('event', (event: LiveEvent) => {
    if (event.type !== 'log') return
    gathered.push(event)
    timer ??= setTimeout(tell, GATHER)
  })
  return () => {
    clearTimeout(timer)
    socket.disconnect()
  }
}
