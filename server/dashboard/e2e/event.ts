/** The radios of a runner that records what would be on air, in real time, and keeps little of it. */
export const radios = (dir: string) =>
  `  - {id: two-metre, driver: file, paced: true, directory: ${dir}/recordings, keep_bytes: 20000000, sample_rate: 250000, frequency_limits: ["144000000-148000000"]}\n` +
  `  - {id: seventy-cm, driver: file, paced: true, directory: ${dir}/recordings, keep_bytes: 20000000, sample_rate: 250000, frequency_limits: ["430000000-440000000"]}\n`

/** Names that try to be more than names: markup, scripts, directions, lengths, pictures. */
export const HOSTILE = {
  markup: '<img src=x onerror=alert(1)>',
  script: '</script><script>alert(2)</script>',
  long: 'W'.repeat(4096),
  emoji: '🏴‍☠️🔥💀 Flagge ﷽ Z̷̢a̶l̸g̵o̴',
  direction: '\u202Etxt.exe\u202C \u2067rtl\u2069',
}
