import { computed, shallowRef, watch } from 'vue'
import type { OnAir } from '../api/schema.gen'
import { state } from './connection'
import { now } from './now'
import { progressAt, remember, secondsLeft, type Heard } from './onair'

const heard = shallowRef(new Map<number, Heard>())
watch(
  () => state.value?.on_air,
  (rows) =>
    (heard.value = rows ? remember(heard.value, rows.values(), Date.parse(state.value?.timestamp ?? '')) : new Map()),
  { flush: 'sync' },
)

export interface OnAirNow extends OnAir {
  /** 0 to 1, as of now. */
  part: number
  /** Seconds until it is over; null: the carrier is not on yet. */
  left: number | null
}

/** What is on air, by frequency, as of now. */
export const onAirNow = computed<OnAirNow[]>(() => {
  const rows = [...(state.value?.on_air.values() ?? [])]
  return rows
    .sort((a, b) => a.frequency - b.frequency || a.assignment_id - b.assignment_id)
    .map((row) => {
      const known = heard.value.get(row.assignment_id) ?? { progress: 0, at: now.value }
      return { ...row, part: progressAt(row, known, now.value), left: secondsLeft(row, known, now.value) }
    })
})
