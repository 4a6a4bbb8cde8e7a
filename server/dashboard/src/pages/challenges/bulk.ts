import { api, ask } from '../../api/client'
import type { Challenge } from '../../api/schema.gen'
import { text } from '../../text'
import { reason, say } from '../../ui/notes'
import { sure } from '../../ui/dialog/question'

const words = text.challenges

type Act = (challenge_id: number) => Promise<unknown>

const path = (challenge_id: number) => ({ params: { path: { challenge_id } } })
const enable: Act = (id) => ask(api.POST('/api/challenges/{challenge_id}/enable', path(id)))
const disable: Act = (id) => ask(api.POST('/api/challenges/{challenge_id}/disable', path(id)))
const trigger: Act = (id) => ask(api.POST('/api/challenges/{challenge_id}/trigger', path(id)))
const remove: Act = (id) => ask(api.DELETE('/api/challenges/{challenge_id}', path(id)))

/** Does something to some challenges, and says how it went. */
async function all(challenges: readonly Challenge[], act: Act, done: (name: string) => string) {
  const failed: unknown[] = []
  for (const it of challenges) {
    try {
      await act(it.challenge_id)
    } catch (problem) {
      failed.push(problem)
    }
  }
  const [only] = challenges
  const well = challenges.length - failed.length
  if (failed.length > 0) say(words.bulkFailed(failed.length, reason(failed[0])), 'bad')
  if (well > 0) say(challenges.length === 1 && only ? done(only.name) : words.bulkDone(well))
}

export const enableAll = (challenges: readonly Challenge[]) => all(challenges, enable, words.savedNote)

export async function disableAll(challenges: readonly Challenge[]) {
  const isOnAir = challenges.some((it) => it.state === 'assigned')
  const asked = {
    title: words.askDisable(challenges.length),
    text: words.askDisableText,
    act: text.common.disable,
    harms: false,
  }
  if ((challenges.length > 1 || isOnAir) && !(await sure(asked))) return
  await all(challenges, disable, words.savedNote)
}

export async function triggerAll(challenges: readonly Challenge[]) {
  const asked = {
    title: words.askTrigger(challenges.length),
    text: words.askTriggerText,
    act: words.trigger,
    harms: false,
  }
  if (challenges.length > 1 && !(await sure(asked))) return
  await all(challenges, trigger, words.triggeredNote)
}

export async function removeAll(challenges: readonly Challenge[]): Promise<boolean> {
  const asked = {
    title: words.askDelete(challenges.length),
    text: words.askDeleteText,
    act: text.common.delete,
    harms: true,
  }
  if (!(await sure(asked))) return false
  await all(challenges, remove, words.removedNote)
  return true
}
