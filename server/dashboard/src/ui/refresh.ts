import { onBeforeUnmount, onMounted, ref, watch } from 'vue'
import { reason } from './notes'

/** Seconds between two looks of a page at what the server does not tell by itself. */
const INTERVAL = 15
/** Seconds between two looks if there is something new all the time. */
const BUSY_INTERVAL = 2

/**
 * Loads when the page opens, and again while somebody can see it. A hidden page asks nothing, so that forgotten tabs of a
 * whole venue cost nothing; it catches up when it is shown. `soon`: seconds until the next look, while what is shown is
 * about to change. `news`: what differs as soon as there is something new, which is then loaded at once.
 */
export function useRefresh(
  load: () => Promise<unknown>,
  soon: () => number | undefined = () => undefined,
  news: () => unknown = () => undefined,
) {
  const fault = ref('')
  let last = -Infinity
  let timer: ReturnType<typeof setTimeout> | undefined
  let isLeft = false
  let isNew = false
  const interval = () => (isNew ? BUSY_INTERVAL : (soon() ?? INTERVAL)) * 1000

  async function refresh() {
    last = performance.now()
    isNew = false
    wait()
    try {
      await load()
      fault.value = ''
    } catch (problem) {
      fault.value = reason(problem)
    }
    // What has come says when to look again.
    wait()
  }
  function wait() {
    clearTimeout(timer)
    if (!isLeft) timer = setTimeout(look, Math.max(0, last + interval() - performance.now()))
  }
  function look() {
    if (document.visibilityState !== 'visible') return
    if (performance.now() < last + interval()) wait()
    else void refresh()
  }
  watch(news, () => {
    isNew = true
    wait()
  })
  onMounted(() => {
    void refresh()
    document.addEventListener('visibilitychange', look)
  })
  onBeforeUnmount(() => {
    isLeft = true
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', look)
  })
  return { fault, refresh }
}
