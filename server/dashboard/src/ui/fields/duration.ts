/** Seconds of each unit. */
export const UNITS = { s: 1, min: 60, h: 3600, d: 86_400 } as const
export type Unit = keyof typeof UNITS

/** The largest unit in which a duration is a whole number; of nothing, minutes. */
export function largestUnit(seconds: number | null): Unit {
  if (!seconds) return seconds === 0 ? 's' : 'min'
  const fitting = (Object.keys(UNITS) as Unit[]).filter((unit) => seconds % UNITS[unit] === 0)
  return fitting.at(-1) ?? 's'
}
