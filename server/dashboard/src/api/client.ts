import createClient from 'openapi-fetch'
import type { ErrorBody, paths } from './schema.gen'

/** Every operation of the server, typed by its description. The browser sends the login's cookie by itself. */
export const api = createClient<paths>({ baseUrl: location.origin, credentials: 'same-origin' })

/** Why the server did not do what was asked. */
export class Problem extends Error {
  constructor(
    /** The HTTP status; 0: the server did not answer. */
    readonly status: number,
    readonly code: string,
    readonly details: string,
    /** Seconds until it is worth trying again. */
    readonly retryAfter: number | null = null,
  ) {
    super(details || code)
  }
}

/** Told of each answer 401 to somebody who believes to be logged in. */
let onLoginLost: () => void = () => undefined
export function whenLoginIsLost(act: () => void) {
  onLoginLost = act
}

/** The code of requests without a valid login. */
const MISSING = 'authentication required'

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The answer's body; throws a {@link Problem} for anything that is no success. */
export async function answered<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await request
  } catch {
    throw new Problem(0, 'unreachable', '')
  }
  if (answer.response.ok) return answer.data as T
  throw problemOf(answer.response.status, answer.error, answer.response.headers.get('Retry-After'))
}

/** The same, of an operation that needs an operator's login: a login that has ended is noticed. */
export async function ask<T>(request: Promise<Answer<T>>): Promise<T> {
  try {
    return await answered(request)
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401 && problem.code === MISSING) onLoginLost()
    throw problem
  }
}

/** Whether an answer says that there is no valid login; a wrong password is 401 as well. Its body can still be read. */
export async function isLoginMissing(answer: Response): Promise<boolean> {
  if (answer.status !== 401) return false
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => null)
  return !isErrorBody(body) || body.error === MISSING
}

export function problemOf(status: number, body: unknown, retryAfter: string | null): Problem {
  const { error, details } = isErrorBody(body) ? body : { error: `HTTP ${status}`, details: '' }
  return new Problem(status, error, details ?? '', retryAfter === null ? null : Number(retryAfter))
}

function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === 'object' && body !== null && 'error' in body
}
