import { onBeforeUnmount, onMounted, ref } from 'vue'
import { reason } from './notes'

/** Seconds between two looks of a page at what the server does not tell by itself. */
const INTERVAL = 15

/**
 * Loads when the page opens, and again while somebody can see it. A hidden page asks nothing, so that forgotten tabs of a
 * whole venue cost nothing; it catches up when it is shown.
 */
export function useRefresh(load: () => Promise<unknown>) {
  const fault = ref('')
  let last = -Infinity
  let timer: ReturnType<typeof setTimeout> | undefined
  let isLeft = false

  async function refresh() {
    last = performance.now()
    clearTimeout(timer)
    if (!isLeft) timer = setTimeout(look, INTERVAL * 1000)
    try {
      await load()
      fault.value = ''
    } catch (problem) {
      fault.value = reason(problem)
    }
  }
  function look() {
    const isDue = performance.now() - last >= INTERVAL * 1000 - 500
    if (document.visibilityState === 'visible' && isDue) void refresh()
  }
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
