/** What operators set of a team, and of a player. */
export interface Standing {
  zone?: string | null
  active: boolean
  banned: boolean
}

/** A ban is the graver one: it says so to who logs in. */
export const standingOf = (it: Standing) => (it.banned ? 'banned' : it.active ? 'active' : 'inactive')

/** A standing while it is typed. */
export interface StandingDraft {
  zone: string
  active: boolean
  banned: boolean
}

export const draftOf = (it: Standing): StandingDraft => ({
  zone: it.zone ?? '',
  active: it.active,
  banned: it.banned,
})

/** Only what differs: somebody else may change the rest at the same time. */
export function changesOf(before: Standing, after: StandingDraft): Partial<Standing> {
  const zone = after.zone.trim() || null
  return {
    ...(zone === (before.zone ?? null) ? {} : { zone }),
    ...(after.active === before.active ? {} : { active: after.active }),
    ...(after.banned === before.banned ? {} : { banned: after.banned }),
  }
}
