import { computed } from 'vue'
import { state } from '../../live/connection'
import { look, type RunnerLook } from '../../live/runners'
import type { Runner } from '../../api/schema.gen'
import { text } from '../../text'

/** The runners for which there is the alarm that they fell silent. */
const silent = computed(
  () =>
    new Set(
      [...(state.value?.alarms.values() ?? [])].filter((it) => it.kind === 'runner_silent').map((it) => it.subject),
    ),
)

export const lookOf = (runner: Runner): RunnerLook => look(runner, silent.value)

export const lookText: Record<RunnerLook, string> = {
  new: text.runners.neverRegistered,
  offline: text.runners.offline,
  silent: text.runners.silent,
  disabled: text.runners.disabled,
  draining: text.runners.draining,
  busy: text.runners.busy,
  idle: text.runners.idle,
}
