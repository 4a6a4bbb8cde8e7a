import { expect, test } from 'vitest'
import { Problem } from '../src/api/client'
import type { OwnInstance, PlayChallenge } from '../src/api/schema.gen'
import { byCategory } from '../src/pages/play/game'
import { addressOf, held, isOver, nextLook } from '../src/pages/play/challenge/instance'
import { refusalText, verdictText, waitOf } from '../src/pages/play/challenge/verdict'

const challenge = (name: string, category: string, points: number) => ({ name, category, points }) as PlayChallenge

test('challenges are grouped by category, each from the cheapest', () => {
  const all = [
    challenge('B 10', 'web', 100),
    challenge('Tone', 'radio', 50),
    challenge('B 9', 'web', 100),
    challenge('A', 'web', 300),
  ]
  const names = byCategory(all).map(({ category, challenges }) => [category, challenges.map((it) => it.name)])
  expect(names).toEqual([
    ['radio', ['Tone']],
    ['web', ['B 9', 'B 10', 'A']],
  ])
  expect(byCategory([])).toEqual([])
})

test('each verdict has its words', () => {
  expect(verdictText({ result: 'correct', points: 1 })).toBe('Right: 1 point. The challenge is solved.')
  expect(verdictText({ result: 'partial', points: 50 })).toBe('Right: 50 points. The challenge has further parts.')
  expect(verdictText({ result: 'already_solved', points: 50 })).toBe('Right, and already counted.')
  expect(verdictText({ result: 'incorrect' })).toBe('Wrong.')
  expect(verdictText({ result: 'incorrect', attempts_left: 1 })).toBe('Wrong. 1 attempt is left.')
  expect(verdictText({ result: 'incorrect', attempts_left: 0 })).toBe('Wrong. No attempts are left.')
})

test('a limit of the rate says how long to wait, and then that it is over; another refusal is told as it is', () => {
  const tooFast = new Problem(429, 'too many requests', 'try again in 42 seconds', 42)
  expect(waitOf(tooFast)).toBe(42)
  expect(refusalText(tooFast, false)).toBe('Too many wrong flags. Try again in 42 s.')
  expect(refusalText(tooFast, true)).toBe('You may try again now.')
  const none = new Problem(403, 'forbidden', 'no attempts are left')
  expect(waitOf(none)).toBeNull()
  expect(refusalText(none, true)).toBe('no attempts are left')
})

test('the end of an instance is reckoned from the seconds that the server says are left', () => {
  const times = { requested_at: '2001-01-01T00:00:00Z', expires_at: '2001-01-01T00:01:40Z' }
  const instance = { seconds_left: 90, ...times } as OwnInstance
  // Ten of its hundred seconds are over, whatever the browser's clock shows.
  expect(held(instance, 50_000)).toMatchObject({ askedAt: 40_000, endsAt: 140_000 })
  expect((['queued', 'starting', 'running', 'lost', 'stopping', 'stopped', 'failed'] as const).filter(isOver)).toEqual([
    'stopped',
    'failed',
  ])
})

test('an address is written as programs take it', () => {
  expect(addressOf({ host: 'play.example', host_port: 30001 })).toBe('play.example:30001')
  expect(addressOf({ host: '2001:db8::7', host_port: 30001 })).toBe('[2001:db8::7]:30001')
})

test('an instance that needs signs of life gets them in time, and others are looked at as usual', () => {
  const times = { requested_at: '2001-01-01T00:00:00Z', expires_at: '2001-01-01T01:00:00Z', seconds_left: 3600 }
  const of = (state: string, idle_at?: string) => held({ state, ...times, idle_at } as OwnInstance, 0)
  expect([nextLook(null, false), nextLook(of('running'), false), nextLook(of('queued'), true)]).toEqual([
    undefined,
    undefined,
    2,
  ])
  expect(of('running', '2001-01-01T00:00:30Z')).toMatchObject({ idleAt: 30_000, idleFor: 30 })
  expect(nextLook(of('running', '2001-01-01T00:00:30Z'), false)).toBe(10)
  expect(nextLook(of('running', '2001-01-01T00:30:00Z'), false)).toBe(15)
  expect(nextLook(of('running', '2001-01-01T00:00:01Z'), false)).toBe(2)
  expect(nextLook(of('lost', '2001-01-01T00:00:30Z'), false)).toBeUndefined()
})
