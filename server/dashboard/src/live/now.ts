import { computed, ref } from 'vue'
import { serverAhead } from './connection'

const tick = ref(Date.now())
setInterval(() => (tick.value = Date.now()), 1000)

/** The time by the server's clock, in milliseconds; it moves every second. */
export const now = computed(() => tick.value + serverAhead.value)
