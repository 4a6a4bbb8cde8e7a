const radio = (id: string, directory: string, limits: string) =>
  `  - {id: ${id}, driver: file, paced: true, directory: ${directory}, keep_bytes: 40000000, sample_rate: 250000, frequency_limits: ["${limits}"]}\n`

/** The radios of a runner that records what would be on air, in real time, and keeps little of it. */
export const radios = (dir: string) =>
  radio('two-metre', `${dir}/recordings`, '144000000-148000000') +
  radio('seventy-cm', `${dir}/recordings`, '430000000-440000000')

/** The same; the second one has no place for its recordings, so that it fails each time. */
export const brokenRadios = (dir: string, blocked: string) =>
  radio('two-metre', `${dir}/recordings`, '144000000-148000000') +
  radio('seventy-cm', `${blocked}/recordings`, '430000000-440000000')

/** Names that try to be more than names: markup, scripts, directions, lengths, pictures. */
export const HOSTILE = {
  markup: '<img src=x onerror=alert(1)>',
  script: '</script><script>alert(2)</script>',
  long: 'W'.repeat(4096),
  emoji: '🏴‍☠️🔥💀 Flagge ﷽ Z̷̢a̶l̸g̵o̴',
  direction: '\u202Etxt.exe\u202C \u2067rtl\u2069',
}

/** Every page, by its address. */
export const PAGES = [
  'overview',
  'challenges',
  'challenges/1',
  'challenges/new',
  'challenges/import',
  'challenges/instances',
  'challenges/instances/1',
  'challenges/instances/new',
  'runners',
  'runners/roof',
  'air',
  'alarms',
  'instances',
  'deployments',
  'submissions',
  'teams',
  'transmissions',
  'logs',
  'audit',
  'users',
  'settings',
  'account',
  'start',
  'public',
  'projector',
  'receive',
  'play',
]
