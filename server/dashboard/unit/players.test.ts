import { expect, test } from 'vitest'
import { blankFlag, draftOf as worthDraft, formOf } from '../src/pages/challenges/flags/worth'
import { changesOf, draftOf, standingOf } from '../src/pages/teams/standing'

test('a ban is said before inactivity', () => {
  expect(standingOf({ active: true, banned: false })).toBe('active')
  expect(standingOf({ active: false, banned: false })).toBe('inactive')
  expect(standingOf({ active: false, banned: true })).toBe('banned')
})

test('only what differs is sent, and an empty zone is none', () => {
  const before = { zone: 'north', active: true, banned: false }
  expect(changesOf(before, draftOf(before))).toEqual({})
  expect(changesOf(before, { zone: ' ', active: true, banned: true })).toEqual({ zone: null, banned: true })
  expect(changesOf({ active: true, banned: false }, { zone: '', active: false, banned: false })).toEqual({
    active: false,
  })
  expect(
    changesOf({ zone: null, active: true, banned: false }, { zone: 'south', active: true, banned: false }),
  ).toEqual({ zone: 'south' })
})

test('the form of flags begins with what is in force, and sends no attempts where none were typed', () => {
  expect(worthDraft({ points: 250, max_attempts: 3, parts: 2 })).toMatchObject({ points: '250', attempts: '3' })
  expect(worthDraft({ points: 250, parts: 2 }).parts).toHaveLength(2)
  const draft = worthDraft(null)
  const [part] = draft.parts
  part?.flags.splice(0, 1, { mode: 'text', content: 'flag{a}' }, { ...blankFlag(), mode: 'pattern', content: 'a+' })
  expect(formOf(draft)).toEqual({
    points: 100,
    parts: [
      {
        share: 1,
        flags: [
          { mode: 'text', content: 'flag{a}' },
          { mode: 'pattern', content: 'a+' },
        ],
      },
    ],
  })
  for (const attempts of [' 7 ', 7]) expect(formOf({ ...draft, attempts })).toMatchObject({ max_attempts: 7 })
})
