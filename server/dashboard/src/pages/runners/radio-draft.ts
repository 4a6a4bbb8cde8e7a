import type { NewRadio } from '../../api/schema.gen'

/** A radio of a runner to be, while it is typed. */
export interface RadioDraft {
  id: string
  driver: 'air' | 'soapy' | 'file' | 'null'
  device: string
  sampleRate: string
  /** In megahertz: `144-148, 430-440`. */
  limits: string
  /** Percent of the time for which it may be on air; empty: all of it. */
  duty: string
  /** Seconds on air at a time; empty: any. */
  longest: string
}

export function newRadio(number: number): RadioDraft {
  const id = number === 1 ? 'radio' : `radio${number}`
  return { id, driver: 'soapy', device: '', sampleRate: '2000000', limits: '', duty: '', longest: '' }
}

/** The ranges as the server takes them; null: it is written otherwise. */
export function limitsOf(typed: string): string[] | null {
  const parts = typed
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  const bands: string[] = []
  for (const part of parts) {
    const [, low, high] = /^(\d+(?:\.\d+)?)\s*[-–]\s*(\d+(?:\.\d+)?)$/.exec(part) ?? []
    const [from, to] = [Math.round(Number(low) * 1e6), Math.round(Number(high) * 1e6)]
    if (!(from < to)) return null
    bands.push(`${from}-${to}`)
  }
  return bands
}

/** The part of the time, 0 to 1; undefined: nothing is given; null: it is no percentage. */
export function dutyOf(typed: string): number | null | undefined {
  if (typed.trim() === '') return undefined
  const percent = Number(typed.replace(',', '.'))
  return percent > 0 && percent <= 100 ? percent / 100 : null
}

/** Whole seconds; undefined: nothing is given; null: it is no such number. */
export function longestOf(typed: string): number | null | undefined {
  if (typed.trim() === '') return undefined
  return /^[1-9]\d{0,5}$/.test(typed.trim()) ? Number(typed) : null
}

/** Whether everything that is typed can be taken. */
export function isRight(draft: RadioDraft): boolean {
  return limitsOf(draft.limits) !== null && dutyOf(draft.duty) !== null && longestOf(draft.longest) !== null
}

/** What stands in `runner.yml`: only what its driver knows. */
export function radioOf(draft: RadioDraft): NewRadio {
  const settings: Record<string, unknown> = {}
  const rate = Number(draft.sampleRate)
  if (draft.sampleRate && rate > 0) settings['sample_rate'] = rate
  if (draft.driver === 'soapy' && draft.device) settings['device'] = draft.device
  if (draft.driver === 'file') settings['paced'] = true
  if (draft.driver === 'null') settings['takes_work'] = true
  const [duty, longest] = [dutyOf(draft.duty), longestOf(draft.longest)]
  if (duty != null) settings['duty_cycle'] = duty
  if (longest != null) settings['max_on_air_seconds'] = longest
  return { id: draft.id, driver: draft.driver, frequency_limits: limitsOf(draft.limits) ?? [], ...settings }
}
