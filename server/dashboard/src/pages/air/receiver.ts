import { onBeforeUnmount, onMounted, ref, shallowRef, type ShallowRef } from 'vue'
import { clock } from 'receiver/format.js'
import { keys } from 'receiver/keys.js'
import { Receiver, type BandInfo, type Level, type ModeInfo, type Signal, type Tuning } from 'receiver/receiver.js'
import worklet from 'receiver/worklet.js?worker&url'
import { problemOf } from '../../api/client'
import { standing } from '../../session/session'
import { text } from '../../text'

const words = text.air

interface Elements {
  canvas: Readonly<ShallowRef<HTMLCanvasElement | null>>
  /** Within it, keys do what they are for in a receiver. */
  root: Readonly<ShallowRef<HTMLElement | null>>
  frequency: () => HTMLInputElement | null
}

/** The receiver of the air's own page, with what it shows as values. It ends with the component. */
export function useReceiver({ canvas, root, frequency }: Elements) {
  const receiver = shallowRef<Receiver | null>(null)
  const bands = shallowRef<BandInfo[]>([])
  const band = ref(0)
  const modes = shallowRef<ModeInfo[]>([])
  const tuning = shallowRef<Tuning | null>(null)
  const problem = ref('')
  const level = shallowRef<Level | null>(null)
  const link = shallowRef<{ state: 'connecting' | 'open' | 'lost'; text: string }>({ state: 'connecting', text: '' })
  const isListening = ref(false)
  /** How the sound is played: by `worklet` or `script`. */
  const player = ref<string>()
  const isRecording = ref(false)
  const recorded = ref('')
  const view = ref('')
  const isHeld = ref(false)
  const volume = ref(0.7)
  const signals = shallowRef<{ found: Signal[]; resolution: number }>({ found: [], resolution: 0 })
  const isHelping = ref(false)
  /** What is being typed is not overwritten by what is tuned to. */
  const forced = ref(0)

  function start(picture: HTMLCanvasElement, within: HTMLElement) {
    const made = new Receiver(
      picture,
      {
        begun(hello) {
          bands.value = hello.bands
          band.value = hello.band
          modes.value = hello.modes
        },
        tuned(it, isForced) {
          tuning.value = it
          if (isForced) forced.value++
        },
        problem: (it) => (problem.value = it),
        level: (it) => (level.value = it),
        link: (state, about) => (link.value = { state, text: about }),
        listening(isOn, path) {
          isListening.value = isOn
          player.value = path
        },
        recording(recorder) {
          isRecording.value = recorder.isOn
          if (recorder.isOn) recorded.value = words.receiver.recording(clock(recorder.seconds), recorder.gaps)
          else if (recorder.saved) recorded.value = words.receiver.saved(recorder.saved)
        },
        looked: (low, high) => (view.value = words.receiver.waterfall(low, high)),
        held: (it) => (isHeld.value = it),
        volume: (it) => (volume.value = it),
        signals: (found, resolution) => (signals.value = { found, resolution }),
        type() {
          frequency()?.focus()
          frequency()?.select()
        },
        help: () => (isHelping.value = true),
      },
      { worklet, explain },
    )
    keys(made, within)
    receiver.value = made
  }

  onMounted(() => {
    if (canvas.value && root.value) start(canvas.value, root.value)
  })
  onBeforeUnmount(() => receiver.value?.close())

  return {
    receiver,
    bands,
    band,
    modes,
    tuning,
    forced,
    problem,
    level,
    link,
    view,
    isHeld,
    signals,
    isHelping,
    isListening,
    player,
    isRecording,
    recorded,
    volume,
  }
}

/** Why no connection comes about; null: nothing is wrong any more. */
async function explain(): Promise<string | null> {
  try {
    const answer = await fetch('/receive/listen')
    if (answer.status === 426) return null
    const { details, code } = problemOf(answer.status, await answer.json(), null)
    // What is set where concerns operators alone.
    return code === 'air unavailable' && standing.value !== 'in' ? words.airAway : details || code
  } catch {
    return words.serverAway
  }
}
