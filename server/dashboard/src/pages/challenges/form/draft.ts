import type { Challenge, ChallengeForm, Modulation, PublicView } from '../../../api/schema.gen'
import { fromMegahertz } from '../../../format/frequency'
import { givenOf, parametersOf, type Given } from './parameters'

/** A challenge while it is being typed. */
export interface Draft {
  name: string
  modulation: string
  tuning: 'frequency' | 'ranges' | 'manual'
  /** In megahertz, as typed. */
  frequency: string
  low: string
  high: string
  ranges: string[]
  text: string
  file: { hash: string; name: string } | null
  parameters: Given
  enabled: boolean
  priority: string
  minDelay: string
  maxDelay: string
  view: PublicView
  onlyOn: string[]
}

export function blank(): Draft {
  return {
    name: '',
    modulation: 'cw',
    tuning: 'frequency',
    frequency: '',
    low: '',
    high: '',
    ranges: [],
    text: '',
    file: null,
    parameters: {},
    enabled: true,
    priority: '0',
    minDelay: '60',
    maxDelay: '90',
    view: {
      show_challenge: true,
      show_modulation: true,
      show_frequency: true,
      show_active_status: true,
      show_last_tx_time: true,
    },
    onlyOn: [],
  }
}

const megahertz = (hz: number | null | undefined) => (hz == null ? '' : String(hz / 1e6))

/** A challenge of the server, to be changed or copied. */
export function draftOf(it: Challenge): Draft {
  const range = it.manual_frequency_range
  const content = it as { text?: string | null; flag_hash?: string | null; flag_file?: string | null }
  return {
    name: it.name,
    modulation: it.modulation,
    tuning: it.frequency != null ? 'frequency' : range ? 'manual' : 'ranges',
    frequency: megahertz(it.frequency),
    low: megahertz(range?.min_hz),
    high: megahertz(range?.max_hz),
    ranges: [...(it.frequency_ranges ?? [])],
    text: content.text ?? '',
    file: content.flag_hash ? { hash: content.flag_hash, name: content.flag_file ?? '' } : null,
    parameters: givenOf(it.parameters),
    enabled: it.enabled,
    priority: String(it.priority),
    minDelay: String(it.min_delay),
    maxDelay: String(it.max_delay),
    view: { ...it.public_view },
    onlyOn: [...it.only_on],
  }
}

const number = (typed: string) => (typed.trim() === '' ? null : Number(typed.replace(',', '.')))

function tuningOf(draft: Draft): Partial<ChallengeForm> {
  switch (draft.tuning) {
    case 'frequency':
      return { frequency: fromMegahertz(draft.frequency) }
    case 'manual':
      return {
        manual_frequency_range: { min_hz: fromMegahertz(draft.low) ?? 0, max_hz: fromMegahertz(draft.high) ?? 0 },
      }
    default:
      return { frequency_ranges: draft.ranges }
  }
}

/** The draft as the server takes it. `payload`: whether what it carries is part of it; who may not see it leaves it as it is. */
export function formOf(draft: Draft, modulation: Modulation, payload: boolean): ChallengeForm {
  const content: Partial<ChallengeForm> =
    modulation.payload !== 'text' && draft.file
      ? { flag_hash: draft.file.hash, flag_file: draft.file.name }
      : modulation.payload !== 'file'
        ? { text: draft.text }
        : {}
  return {
    name: draft.name,
    modulation: modulation.name,
    ...tuningOf(draft),
    ...(payload ? content : {}),
    parameters: parametersOf(modulation, draft.parameters),
    enabled: draft.enabled,
    priority: number(draft.priority),
    min_delay: number(draft.minDelay),
    max_delay: number(draft.maxDelay),
    public_view: draft.view,
    only_on: draft.onlyOn,
  }
}
