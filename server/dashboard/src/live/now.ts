import { computed, ref } from 'vue'
import { dayOf } from '../format/time'
import { serverAhead, state } from './connection'

const tick = ref(Date.now())
setInterval(() => (tick.value = Date.now()), 1000)

/** The time by the server's clock, in milliseconds; it moves every second. */
export const now = computed(() => tick.value + serverAhead.value)

/** The event's zone. */
export const zone = computed(() => state.value?.conference.timezone)

/** The day in it. A thousand moments on a page look at this, which changes at midnight, and not at each second. */
export const today = computed(() => dayOf(now.value, zone.value))
