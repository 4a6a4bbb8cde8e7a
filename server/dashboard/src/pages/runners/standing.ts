import { computed } from 'vue'
import { silentRunners } from '../../live/alarms'
import { state } from '../../live/connection'
import { look, type RunnerLook } from '../../live/runners'
import type { Runner } from '../../api/schema.gen'
import { text } from '../../text'

const silent = computed(() => silentRunners(state.value))

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
