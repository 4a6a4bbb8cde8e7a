import { mount } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import { Problem } from '../src/api/client'
import { useRefresh } from '../src/ui/refresh'

let visibility = 'visible'
Object.defineProperty(document, 'visibilityState', { get: () => visibility })
afterEach(() => vi.useRealTimers())

const show = (state: string) => {
  visibility = state
  document.dispatchEvent(new Event('visibilitychange'))
}

test('a page looks every 15 seconds while it is seen, and catches up when it is shown again', async () => {
  vi.useFakeTimers()
  const load = vi.fn(() => Promise.resolve())
  const page = mount(defineComponent({ setup: () => (useRefresh(load), () => h('p')) }))
  expect(load).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(14_000)
  expect(load).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(load).toHaveBeenCalledTimes(2)
  show('hidden')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(load).toHaveBeenCalledTimes(2)
  show('visible')
  expect(load).toHaveBeenCalledTimes(3)
  // Going back and forth asks no more often.
  show('hidden')
  show('visible')
  expect(load).toHaveBeenCalledTimes(3)
  page.unmount()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(load).toHaveBeenCalledTimes(3)
})

test('what is about to change is looked at sooner, until it has changed', async () => {
  vi.useFakeTimers()
  visibility = 'visible'
  let isMoving = true
  const load = vi.fn(() => Promise.resolve())
  const soon = () => (isMoving ? 2 : undefined)
  const page = mount(defineComponent({ setup: () => (useRefresh(load, soon), () => h('p')) }))
  await vi.advanceTimersByTimeAsync(4_000)
  expect(load).toHaveBeenCalledTimes(3)
  isMoving = false
  await vi.advanceTimersByTimeAsync(14_000)
  expect(load).toHaveBeenCalledTimes(3)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(load).toHaveBeenCalledTimes(4)
  page.unmount()
})

test('something new is loaded at once, and at most every 2 seconds', async () => {
  vi.useFakeTimers()
  visibility = 'visible'
  const revision = ref(1)
  const load = vi.fn(() => Promise.resolve())
  const setup = () => (useRefresh(load, undefined, () => revision.value), () => h('p'))
  const page = mount(defineComponent({ setup }))
  await vi.advanceTimersByTimeAsync(5_000)
  expect(load).toHaveBeenCalledTimes(1)
  revision.value = 2
  await vi.advanceTimersByTimeAsync(0)
  expect(load).toHaveBeenCalledTimes(2)
  revision.value = 3
  await vi.advanceTimersByTimeAsync(1_900)
  expect(load).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(100)
  expect(load).toHaveBeenCalledTimes(3)
  page.unmount()
})

test('why nothing came is said until something comes', async () => {
  vi.useFakeTimers()
  visibility = 'visible'
  const load = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Problem(503, 'unavailable', 'the disk is full'))
  const Page = defineComponent(() => {
    const { fault } = useRefresh(load)
    return () => h('p', fault.value)
  })
  const page = mount(Page)
  await vi.advanceTimersByTimeAsync(0)
  expect(page.text()).toBe('the disk is full')
  await vi.advanceTimersByTimeAsync(15_000)
  expect(page.text()).toBe('')
  page.unmount()
})
