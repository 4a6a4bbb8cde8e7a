import { expect, test } from 'vitest'
import type { Challenge, Modulation } from '../src/api/schema.gen'
import { blank, draftOf, formOf } from '../src/pages/challenges/form/draft'
import { pickEvent } from '../src/pages/challenges/import/event-files'
import { passes } from '../src/pages/challenges/list/filter'
import { counts, fault, parametersOf } from '../src/pages/challenges/form/parameters'

const modulation = {
  name: 'rtty',
  help: '',
  payload: 'text',
  parameters: [
    { name: 'mode', help: '', limits: { kind: 'choice', of: ['fsk', 'ook'], default: 'fsk' }, only_when: null },
    {
      name: 'shift',
      help: '',
      limits: { kind: 'number', min: 50, max: 1000, default: 170, unit: 'Hz' },
      only_when: { parameter: 'mode', values: ['fsk'] },
    },
    { name: 'pager', help: '', limits: { kind: 'integer', min: 1, max: 9, default: null }, only_when: null },
    { name: 'loud', help: '', limits: { kind: 'switch', default: false }, only_when: null },
  ],
} as unknown as Modulation
const [mode, shift, pager] = modulation.parameters

test('a parameter counts only beside what it depends on, given or by default', () => {
  if (!mode || !shift) throw new Error()
  expect(counts(shift, {}, modulation)).toBe(true)
  expect(counts(shift, { mode: 'ook' }, modulation)).toBe(false)
  expect(counts(mode, {}, modulation)).toBe(true)
})

test('what is out of its limits is said', () => {
  if (!shift || !pager) throw new Error()
  expect(fault(shift, '')).toBeUndefined()
  expect(fault(shift, '49')).toBe('Between 50 and 1000')
  expect(fault(shift, '170,5')).toBeUndefined()
  expect(fault(shift, 'x')).toBe('Not a number')
  expect(fault(pager, '')).toBe('Must be given.')
  expect(fault(pager, '1.5')).toBe('Not a whole number')
})

test('parameters are sent as they are typed, and only those that count', () => {
  const given = { mode: 'ook', shift: '850', pager: '3', loud: 'true' }
  expect(parametersOf(modulation, given)).toEqual({ mode: 'ook', pager: 3, loud: true })
})

const challenge = {
  name: 'FOX',
  modulation: 'rtty',
  frequency: null,
  manual_frequency_range: { min_hz: 433_100_000, max_hz: 434_700_000 },
  parameters: { pager: 3 },
  text: 'CQ',
  enabled: true,
  priority: 2,
  min_delay: 60,
  max_delay: 90.5,
  public_view: { show_challenge: true },
  only_on: ['roof'],
  state: 'waiting',
} as unknown as Challenge

test('a challenge that is opened and saved is the same', () => {
  const form = formOf(draftOf(challenge), modulation, true)
  expect(form).toEqual({
    name: 'FOX',
    modulation: 'rtty',
    manual_frequency_range: { min_hz: 433_100_000, max_hz: 434_700_000 },
    text: 'CQ',
    parameters: { pager: 3 },
    enabled: true,
    priority: 2,
    min_delay: 60,
    max_delay: 90.5,
    public_view: { show_challenge: true },
    only_on: ['roof'],
  })
  expect(formOf(draftOf(challenge), modulation, false)).not.toHaveProperty('text')
  expect(formOf({ ...blank(), frequency: '145,55' }, modulation, true)).toMatchObject({ frequency: 145_550_000 })
})

test('filters', () => {
  const none = { search: '', modulation: '', state: '' }
  expect(passes(challenge, none)).toBe(true)
  expect(passes(challenge, { ...none, search: 'fo' })).toBe(true)
  expect(passes(challenge, { ...none, search: 'hare' })).toBe(false)
  expect(passes({ ...challenge, enabled: false }, { ...none, state: 'disabled' })).toBe(true)
  expect(passes(challenge, { ...none, state: 'disabled' })).toBe(false)
})

test('the event among the chosen files', () => {
  const files = (...names: string[]) => names.map((name) => ({ name }))
  expect(pickEvent(files('voice.wav', 'challenges.yml')).event?.name).toBe('challenges.yml')
  expect(pickEvent(files('frequencies.txt', 'flags.csv')).event?.name).toBe('flags.csv')
  const packed = pickEvent(files('event.tar', 'challenges.yml'))
  expect([packed.archive?.name, packed.event]).toEqual(['event.tar', undefined])
  expect(pickEvent(files('voice.wav')).event).toBeUndefined()
})
