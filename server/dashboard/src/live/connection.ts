import { computed, readonly, ref, shallowRef } from 'vue'
import { io, type Socket } from 'socket.io-client'
import type { DashboardChanges, DashboardState } from '../api/schema.gen'
import { apply, first, type EventState } from './apply'

/**
 * The one state of the event in this browser: fed by the server's first state and its changes, and by nothing else. Pages
 * draw from it; they never ask for it and never change it.
 */
export const state = shallowRef<EventState | null>(null)

/** `fresh`: what is shown is how it is. `old`: the connection is lost, or the server says nothing. */
type Freshness = 'connecting' | 'fresh' | 'old'
const freshness = ref<Freshness>('connecting')
export const isOld = computed(() => freshness.value === 'old')
export const isFresh = computed(() => freshness.value === 'fresh')
/** When the server was last heard of, by this browser's clock. */
export const heardAt = ref(0)
/** How much the server's clock is ahead of the browser's, in milliseconds. */
const ahead = ref(0)
export const serverAhead = readonly(ahead)

/** The server says something every 5 s at the latest; twice that, and what is shown is old. */
const SILENCE = 11_000

interface FromServer {
  state: (state: DashboardState) => void
  changes: (changes: DashboardChanges) => void
}

let socket: Socket<FromServer> | null = null
let watchdog: ReturnType<typeof setInterval> | undefined

function hear(timestamp: string) {
  heardAt.value = Date.now()
  ahead.value = Date.parse(timestamp) - heardAt.value
  freshness.value = 'fresh'
}

function lose() {
  if (freshness.value === 'fresh') freshness.value = 'old'
}

/** Connects; `onRefused` is told when the server takes the login no longer. */
export function connect(onRefused: () => void) {
  disconnect()
  socket = io('/dashboard', { transports: ['websocket', 'polling'], reconnectionDelayMax: 3000 })
  socket.on('state', (all) => {
    state.value = first(all)
    hear(all.timestamp)
  })
  socket.on('changes', (changes) => {
    if (!state.value) return
    state.value = apply(state.value, changes)
    hear(changes.timestamp)
  })
  socket.on('disconnect', (reason) => {
    lose()
    // The server ends a connection itself only when the login has ended.
    if (reason === 'io server disconnect') onRefused()
  })
  socket.on('connect_error', (error) => {
    lose()
    if (error.message === 'authentication required') onRefused()
  })
  watchdog = setInterval(() => {
    if (Date.now() - heardAt.value > SILENCE) lose()
  }, 1000)
  addEventListener('offline', lose)
  addEventListener('online', reconnect)
}

/** A browser that is back on the network does not wait for the next attempt. */
function reconnect() {
  socket?.disconnect().connect()
}

export function disconnect() {
  clearInterval(watchdog)
  removeEventListener('offline', lose)
  removeEventListener('online', reconnect)
  socket?.disconnect()
  socket = null
  state.value = null
  freshness.value = 'connecting'
}
