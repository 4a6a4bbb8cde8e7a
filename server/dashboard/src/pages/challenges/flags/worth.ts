import type { FlagMode, FlagsForm, FlagsShown } from '../../../api/schema.gen'

/** What a field of numbers holds: Vue makes a number of what is one. */
type Typed = string | number

/** What a challenge is worth, and its flags, while they are typed. */
export interface WorthDraft {
  points: Typed
  attempts: Typed
  parts: PartDraft[]
}
export interface PartDraft {
  share: Typed
  flags: { mode: FlagMode; content: string }[]
}

export const blankFlag = (): PartDraft['flags'][number] => ({ mode: 'text', content: '' })
export const blankPart = (): PartDraft => ({ share: '1', flags: [blankFlag()] })

/** With the points and attempts that are in force; the flags themselves the server never shows. */
export const draftOf = (shown: FlagsShown | null): WorthDraft => ({
  points: String(shown?.points ?? 100),
  attempts: shown?.max_attempts == null ? '' : String(shown.max_attempts),
  parts: Array.from({ length: Math.max(1, shown?.parts ?? 1) }, blankPart),
})

export function formOf(draft: WorthDraft): FlagsForm {
  const attempts = String(draft.attempts).trim()
  return {
    points: Number(draft.points),
    ...(attempts === '' ? {} : { max_attempts: Number(attempts) }),
    parts: draft.parts.map((part) => ({ share: Number(part.share), flags: part.flags.map((flag) => ({ ...flag })) })),
  }
}
