import { ref, shallowRef } from 'vue'
import { io } from 'socket.io-client'
import type { PublicChallenges } from '../api/schema.gen'

/** What everybody may know, as the server sends it. */
export const shown = shallowRef<PublicChallenges | null>(null)
export const isOld = ref(false)

/** Connects; gives what ends that. */
export function watchPublic(): () => void {
  const socket = io('/public', { transports: ['websocket', 'polling'], reconnectionDelayMax: 3000 })
  socket.on('challenges_update', (all: PublicChallenges) => {
    shown.value = all
    isOld.value = false
  })
  socket.on('disconnect', () => (isOld.value = true))
  return () => void socket.disconnect()
}
