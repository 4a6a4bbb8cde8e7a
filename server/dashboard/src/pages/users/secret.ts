/** What a new or reset account needs to log in: shown once. */
export interface Secret {
  name: string
  uri: string
  secret: string
  password: string | null
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

/** A password that can be read out: four groups of five letters and digits, 100 bits. */
export function madeUp(): string {
  const random = crypto.getRandomValues(new Uint8Array(20))
  const letters = [...random].map((byte) => LETTERS[byte % LETTERS.length] ?? 'a')
  return [0, 5, 10, 15].map((at) => letters.slice(at, at + 5).join('')).join('-')
}
