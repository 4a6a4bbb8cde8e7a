import { computed, ref } from 'vue'
import { api, ask } from '../api/client'
import { state } from '../live/connection'
import { operating } from '../live/operating'
import { text } from '../text'
import { attempt, say } from '../ui/notes'
import { sure } from '../ui/dialog/question'

/** What operators can do to everything at once. The state changes when the server says so, not when a button is pressed. */
export const mode = computed(() => operating(state.value))
export const isBusy = ref(false)

async function act(request: () => Promise<unknown>) {
  isBusy.value = true
  await attempt(request)
  isBusy.value = false
}

export const pause = () => act(() => ask(api.POST('/api/control/pause')))
export const resume = () => act(() => ask(api.POST('/api/control/resume')))

/** Asks nothing: off beats on. */
export const emergencyStop = () =>
  act(async () => {
    const stopped = await ask(api.POST('/api/control/emergency-stop'))
    say(text.shell.stopDone(stopped.aborted))
    if (!stopped.recorded) say(text.shell.stopUnrecorded, 'bad')
  })

export async function release() {
  const { askRelease, askReleaseText, release: act_ } = text.shell
  if (!(await sure({ title: askRelease, text: askReleaseText, act: act_, harms: false }))) return
  await act(() => ask(api.POST('/api/control/release')))
}
