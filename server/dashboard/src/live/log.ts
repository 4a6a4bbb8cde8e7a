import { io } from 'socket.io-client'
import type { LiveEvent } from '../api/schema.gen'

export type LogEvent = Extract<LiveEvent, { type: 'log' }>

/** Tells each line of the log as it is written; gives what ends that. It shares the connection of the dashboard. */
export function watchLog(onLine: (line: LogEvent) => void): () => void {
  const socket = io('/', { transports: ['websocket', 'polling'] })
  socket.on('event', (event: LiveEvent) => {
    if (event.type === 'log') onLine(event)
  })
  return () => void socket.disconnect()
}
