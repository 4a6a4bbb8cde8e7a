/** A name with its value, as typed. */
export interface Pair {
  name: string
  value: string
}

export const pairsOf = (map: Record<string, string> | undefined): Pair[] =>
  Object.entries(map ?? {}).map(([name, value]) => ({ name, value }))

/** Later pairs of the same name win, as in a file. */
export const mapOf = (pairs: readonly Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.map(({ name, value }) => [name.trim(), value]))
