import { Problem } from '../api/client'
import { duration } from '../format/time'
import { text } from '../text'
import { reason } from '../ui/notes'

/** Why a login did not work; `wrong` is said of a password or code that is wrong. */
export function explain(problem: unknown, wrong: string): string {
  if (!(problem instanceof Problem)) return String(problem)
  if (problem.status === 429 && problem.retryAfter !== null) return text.access.tooMany(duration(problem.retryAfter))
  return problem.code === 'invalid credentials' ? wrong : reason(problem)
}
