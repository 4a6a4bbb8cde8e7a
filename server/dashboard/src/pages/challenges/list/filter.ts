import type { Challenge } from '../../../api/schema.gen'
import { megahertz } from '../../../format/frequency'

export interface ChallengeFilter {
  search: string
  modulation: string
  state: string
}

/** Whether a challenge passes: by a part of its name or frequency, its modulation and its state. */
export function passes(it: Challenge, filter: ChallengeFilter): boolean {
  const state = it.enabled || it.state === 'assigned' ? it.state : 'disabled'
  if (filter.modulation && it.modulation !== filter.modulation) return false
  if (filter.state && state !== filter.state) return false
  const search = filter.search.trim().toLowerCase()
  if (!search) return true
  const places = [it.frequency == null ? '' : megahertz(it.frequency), ...(it.frequency_ranges ?? [])]
  return [it.name, ...places].some((words) => words.toLowerCase().includes(search))
}
