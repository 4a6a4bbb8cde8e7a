import { ref, watch } from 'vue'
import { ranked } from '../../live/alarms'
import { state } from '../../live/connection'

const KEY = 'alarm-sound'
/** Whether this browser sounds when an alarm begins. */
export const hasSound = ref(localStorage.getItem(KEY) === 'on')
let context: AudioContext | null = null

export function setSound(isOn: boolean) {
  hasSound.value = isOn
  localStorage.setItem(KEY, isOn ? 'on' : 'off')
  if (isOn) beep(3)
}

/** One, two or three short tones: the graver, the higher and the more. */
function beep(priority: 1 | 2 | 3) {
  context ??= new AudioContext()
  void context.resume()
  const count = 4 - priority
  for (let n = 0; n < count; n++) {
    const [tone, gain] = [context.createOscillator(), context.createGain()]
    const at = context.currentTime + n * 0.28
    tone.frequency.value = priority === 1 ? 988 : priority === 2 ? 740 : 523
    gain.gain.setValueAtTime(0, at)
    gain.gain.linearRampToValueAtTime(0.25, at + 0.02)
    gain.gain.setValueAtTime(0.25, at + 0.14)
    gain.gain.linearRampToValueAtTime(0, at + 0.18)
    tone.connect(gain).connect(context.destination)
    tone.start(at)
    tone.stop(at + 0.2)
  }
}

let known = new Set<string>()
watch(
  () => state.value?.alarms,
  () => {
    if (!state.value) return
    const all = ranked(state.value)
    const begun = all.filter((it) => !known.has(it.alarm_id))
    known = new Set(all.map((it) => it.alarm_id))
    const [gravest] = begun
    if (hasSound.value && gravest) beep(gravest.priority)
  },
)
