import { ref } from 'vue'
import { Problem } from '../api/client'
import { text } from '../text'

export interface Note {
  id: number
  kind: 'done' | 'bad'
  text: string
}

const SHOWN = 6000
let next = 1
/** What is said at the edge of the page, and goes by itself. */
export const notes = ref<Note[]>([])

export function say(words: string, kind: Note['kind'] = 'done') {
  const note = { id: next++, kind, text: words }
  notes.value = [...notes.value.slice(-3), note]
  setTimeout(() => dismiss(note.id), kind === 'bad' ? 2 * SHOWN : SHOWN)
}

export function dismiss(id: number) {
  notes.value = notes.value.filter((note) => note.id !== id)
}

/** Why something did not work, for people. */
export function reason(problem: unknown): string {
  if (!(problem instanceof Problem)) return String(problem)
  if (problem.status === 0) return text.common.unreachable
  if (problem.status === 403) return problem.details || text.common.forbidden
  const later = problem.retryAfter === null ? '' : ` ${text.common.tryAgainIn(problem.retryAfter)}`
  return (problem.details || problem.code) + later
}

/** Does something and says how it went; gives whether it went well. */
export async function attempt(act: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await act()
    if (done) say(done)
    return true
  } catch (problem) {
    say(reason(problem), 'bad')
    return false
  }
}
