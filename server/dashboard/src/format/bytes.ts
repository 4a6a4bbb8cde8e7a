/** 512 B, 12 kB, 3.4 MB. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`
  const [value, unit] = count < 1e6 ? [count / 1000, 'kB'] : [count / 1e6, 'MB']
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}
