import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch } from 'vue'
import { api, ask } from '../../api/client'
import type { Conference, PublicChallenge, PublicRange, PublicReceiver } from '../../api/schema.gen'
import { bandText, megahertz } from '../../format/frequency'
import { countdown, dayAndClock } from '../../format/time'
import { isOld, watchPublic } from '../../live/public'
import { text } from '../../text'

const words = text.public

/** The event as everybody may know it: its challenges live, its times as they were when the page opened. */
export function usePublicEvent() {
  const conference = shallowRef<Conference | null>(null)
  const receiver = shallowRef<PublicReceiver | null>(null)
  const now = ref(Date.now())
  let stop: (() => void) | undefined
  let timer: ReturnType<typeof setInterval> | undefined
  async function load() {
    try {
      conference.value = await ask(api.GET('/api/conference'))
      receiver.value = await ask(api.GET('/api/public/receiver'))
    } catch {
      // The page shows the challenges, and says that it may be old.
    }
  }
  onMounted(() => {
    stop = watchPublic()
    timer = setInterval(() => (now.value = Date.now()), 1000)
    void load()
  })
  // Its hours open or close it at a time that is known, and somebody may have changed them while the connection was lost.
  const isDue = computed(
    () => conference.value?.next_change != null && Date.parse(conference.value.next_change) < now.value,
  )
  watch([isDue, isOld], ([due, old]) => (due || !old) && load())
  onBeforeUnmount(() => {
    stop?.()
    clearInterval(timer)
  })
  return { conference, receiver, now }
}

/** How long until the event begins or ends. */
export function remaining(it: Conference | null, now: number): { label: string; time: string } | null {
  const [start, stop] = [it?.start ? Date.parse(it.start) : null, it?.stop ? Date.parse(it.stop) : null]
  if (start !== null && now < start) return { label: words.begins, time: long((start - now) / 1000) }
  if (stop !== null && now < stop) return { label: words.ends, time: long((stop - now) / 1000) }
  if (stop !== null) return { label: words.over, time: '' }
  return null
}

function long(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  return days > 0 ? `${days} d ${countdown(seconds % 86_400)}` : countdown(seconds)
}

/** Until when the hours have it closed; null: it is open, or nobody is told. */
export function closedUntil(it: Conference | null): string | null {
  if (!it || it.open || !it.next_change) return null
  return words.closedUntil(dayAndClock(Date.parse(it.next_change), it.timezone))
}

/** Where a challenge is to be found, as far as that is shown. */
export function placeOf(it: PublicChallenge): string {
  if (it.frequency != null) return megahertz(it.frequency)
  if (!it.frequency_ranges) return words.searched
  const edges = (range: PublicRange) => bandText({ low: range.min_hz, high: range.max_hz })
  // A range without a name of its own is called by its edges, which are written shorter here.
  const name = (range: PublicRange) => (/\d MHz$/.test(range.display_name) ? edges(range) : range.display_name)
  return it.frequency_ranges.map(name).join(', ')
}

/** What is on air first, then by name. */
export function inOrder(all: readonly PublicChallenge[]): PublicChallenge[] {
  const collator = new Intl.Collator('en', { numeric: true })
  return [...all].sort((a, b) => collator.compare(a.name, b.name))
}
