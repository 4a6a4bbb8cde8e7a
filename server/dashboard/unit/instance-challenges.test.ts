import { expect, test } from 'vitest'
import type { InstanceChallengeForm } from '../src/api/schema.gen'
import { blank, blankContainer, changesOf, draftOf, formOf, type Shown } from '../src/pages/challenges/instances/draft'
import { formatOf } from '../src/pages/challenges/instances/import'
import { largestUnit } from '../src/ui/fields/duration'

/** With every field, and none as by default. */
const FORM: InstanceChallengeForm = {
  id: 'guest-book',
  name: 'Guest book',
  enabled: false,
  category: 'web',
  difficulty: 'hard',
  description: 'Two\nlines',
  tags: ['xss', 'b, c'],
  author: 'Ada',
  estimated_time: '15 minutes',
  learning_objectives: ['to read'],
  hints: ['First\nhint', 'Second'],
  policy: {
    lifetime_seconds: 5400,
    idle_seconds: 600,
    cooldown_seconds: 30,
    extendable: false,
    on_existing: 'refuse',
    after_solve_seconds: null,
    warm: 2,
  },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'localhost/guest-book:1',
        ports: ['80/http', 'ssh=22/tcp'],
        environment: { MOTD: 'two\nlines', EMPTY: '' },
        secrets: { KEY: 'api-key' },
        limits: { memory_mib: 64, cpus: 0.25, pids: 32 },
        read_only: true,
        health: { port: '80/tcp', path: '/up', start_seconds: 20 },
        entrypoint: ['/bin/sh', '-c'],
        command: ['echo a\necho b'],
        working_dir: '/srv',
        user: '1000:1000',
        capabilities: ['NET_BIND_SERVICE'],
        tmpfs: [{ path: '/run', size_mib: 16 }],
        privilege_escalation: true,
      },
    ],
  },
  points: 250,
  max_attempts: 5,
  parts: [{ share: 2, flags: [{ mode: 'pattern', content: 'flag\\{a+\\}' }] }],
  other_keys: { version: '0.1' },
}

test('a form that is typed into and left as it was is the same', () => {
  expect(formOf(draftOf(FORM))).toEqual(FORM)
  expect(changesOf(draftOf({ ...FORM, parts: [] }), draftOf({ ...FORM, parts: [] }))).toEqual({})
})

test('only what differs is sent, and flags whenever they are given', () => {
  const before = draftOf({ ...FORM, parts: [] })
  const after = draftOf({ ...FORM, parts: [], category: 'crypto', max_attempts: null })
  expect(changesOf(before, after)).toEqual({ category: 'crypto', max_attempts: null })
  after.setsFlags = true
  expect(Object.keys(changesOf(before, after))).toContain('parts')
})

test('who may not see what instances consist of sends nothing of it', () => {
  const seen: Shown = { ...FORM, parts: [] }
  delete seen.spec
  delete seen.other_keys
  const [before, after] = [draftOf(seen), draftOf({ ...seen, description: 'New' })]
  expect(changesOf(before, after)).toEqual({ description: 'New' })
})

test('a new challenge asks for its name and its image, and each instance has a flag of its own', () => {
  const form = formOf(blank())
  expect(form).toMatchObject({ name: '', points: 100, policy: { lifetime_seconds: 3600, after_solve_seconds: 30 } })
  expect(form).not.toHaveProperty('id')
  expect(form).not.toHaveProperty('parts')
})

test('a further container has a name that is free', () => {
  const containers = draftOf(FORM).containers
  containers.push(blankContainer(containers))
  containers.push(blankContainer(containers))
  expect(containers.map((it) => it.name)).toEqual(['web', 'service-2', 'service-3'])
})

test('a Compose file is told from a challenge.yml by its services', () => {
  expect(formatOf('services:\n  web:\n    image: a\n')).toBe('compose')
  expect(formatOf('name: x\n"services":\n  web: {}\n')).toBe('compose')
  expect(formatOf('name: services\ncategory: web\nvalue: 100\n')).toBe('ctfcli')
  expect(formatOf('')).toBe('ctfcli')
})

test('a duration is shown in the largest unit that needs no fraction', () => {
  expect([30, 60, 90, 3600, 5400, 86_400, 0, null].map(largestUnit)).toEqual([
    's',
    'min',
    's',
    'h',
    'min',
    'd',
    's',
    'min',
  ])
})

test('a process stays as it is, also in a copy', () => {
  const spec = { containers: [], process: { program: '/usr/bin/rest', port: { assigned: 8080 } } }
  const draft = draftOf({ name: 'ChimeraX', spec })
  expect(formOf(draft).spec).toEqual(spec)
  expect(changesOf(draft, { ...draft, category: 'misc' })).toEqual({ category: 'misc' })
})
