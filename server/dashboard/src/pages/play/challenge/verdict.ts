import { Problem } from '../../../api/client'
import type { FlagVerdict } from '../../../api/schema.gen'
import { duration } from '../../../format/time'
import { text } from '../../../text'
import { reason } from '../../../ui/notes'

const words = text.play

/** What the server said to a flag, for people. */
export function verdictText(verdict: FlagVerdict): string {
  const { result, points, attempts_left: left } = verdict
  switch (result) {
    case 'correct':
    case 'partial':
      return words.verdict[result](words.points(points ?? 0))
    case 'already_solved':
      return words.verdict.already_solved
    case 'incorrect':
      return left == null ? words.verdict.incorrect : `${words.verdict.incorrect} ${words.attemptsLeft(left)}`
  }
}

/** How many seconds to wait after too many wrong flags; null: that is not what went wrong. */
export function waitOf(problem: unknown): number | null {
  return problem instanceof Problem && problem.status === 429 ? (problem.retryAfter ?? 60) : null
}

/** Why a flag was not looked at. The wait is told once: what counts down would be read out each second. */
export function refusalText(problem: unknown, isOver: boolean): string {
  const wait = waitOf(problem)
  if (wait === null) return reason(problem)
  return isOver ? words.mayTry : words.tooFast(duration(wait))
}
