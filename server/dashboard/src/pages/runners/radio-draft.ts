import type { NewRadio } from '../../api/schema.gen'

/** A radio of a runner to be, while it is typed. */
export interface RadioDraft {
  id: string
  driver: 'air' | 'soapy' | 'file' | 'null'
  args: string
  sampleRate: string
  /** In megahertz: `144-148, 430-440`. */
  limits: string
}

export function newRadio(number: number): RadioDraft {
  return { id: number === 1 ? 'radio' : `radio${number}`, driver: 'soapy', args: '', sampleRate: '2000000', limits: '' }
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

/** What stands in `runner.yml`: only what its driver knows. */
export function radioOf(draft: RadioDraft): NewRadio {
  const settings: Record<string, unknown> = {}
  const rate = Number(draft.sampleRate)
  if (draft.sampleRate && rate > 0) settings['sample_rate'] = rate
  if (draft.driver === 'soapy' && draft.args) settings['args'] = draft.args
  if (draft.driver === 'file') settings['paced'] = true
  if (draft.driver === 'null') settings['takes_work'] = true
  return { id: draft.id, driver: draft.driver, frequency_limits: limitsOf(draft.limits) ?? [], ...settings }
}
