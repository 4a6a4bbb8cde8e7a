import { computed, shallowRef, watch } from 'vue'
import { answered } from '../../api/client'
import type { Me, PlayChallenge, PlayRules, Standing } from '../../api/schema.gen'
import { play } from './entry/client'
import { forget, login } from './entry/login'

/** Who may register, and how many are a team: settings of the server, which change only when it starts again. */
export const rules = shallowRef<PlayRules | null>(null)
/** What the player knows of the event. */
export const me = shallowRef<Me | null>(null)
export const challenges = shallowRef<PlayChallenge[]>([])
export const standings = shallowRef<Standing[]>([])

/** The join code of the team, which the server tells once: it stays until the player has seen it, whatever the page loads. */
export const joinCode = shallowRef<string | null>(null)

/** In the mode of teams nobody plays alone. */
export const needsTeam = computed(() => me.value?.mode === 'teams' && me.value.team == null)
/** Under which name the player is on the scoreboard. */
export const ownName = computed(() => (me.value?.mode === 'teams' ? me.value.team?.name : me.value?.username) ?? null)

watch(
  () => login.value?.username,
  () => {
    me.value = null
    challenges.value = []
    joinCode.value = null
  },
)

export async function load() {
  rules.value ??= await answered(play.GET('/api/play'))
  standings.value = (await answered(play.GET('/api/play/scoreboard'))).standings
  if (login.value === null) return
  me.value = await answered(play.GET('/api/play/me'))
  challenges.value = needsTeam.value ? [] : (await answered(play.GET('/api/play/challenges'))).challenges
}

export async function logOut() {
  try {
    await answered(play.POST('/api/play/logout'))
  } finally {
    // Whatever the server says, this browser is to know nothing any more.
    forget('logged out')
  }
}

/** The challenges by category, each from the cheapest. */
export function byCategory(all: readonly PlayChallenge[]): { category: string; challenges: PlayChallenge[] }[] {
  const words = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
  const groups = new Map<string, PlayChallenge[]>()
  for (const it of all) groups.set(it.category, [...(groups.get(it.category) ?? []), it])
  return [...groups]
    .sort(([a], [b]) => words.compare(a, b))
    .map(([category, found]) => ({
      category,
      challenges: found.sort((a, b) => a.points - b.points || words.compare(a.name, b.name)),
    }))
}
