import { api, ask } from '../../../api/client'
import { text } from '../../../text'
import { sure } from '../../../ui/dialog/question'
import { attempt } from '../../../ui/notes'

interface Named {
  challenge_id: number
  name: string
}
const words = text.instanceChallenges
const path = (it: Named) => ({ params: { path: { instance_challenge_id: it.challenge_id } } })

/** Shows a challenge to players, or hides it. */
export const setEnabled = (it: Named, enabled: boolean) =>
  attempt(
    () => ask(api.POST('/api/instance-challenges/{instance_challenge_id}/enable', { ...path(it), body: { enabled } })),
    words.saved(it.name),
  )

/** Asks, and deletes a challenge; gives whether it was. */
export async function remove(it: Named): Promise<boolean> {
  const asked = { title: words.askDelete(it.name), text: words.askDeleteText, act: text.common.delete, harms: true }
  if (!(await sure(asked))) return false
  return attempt(
    () => ask(api.DELETE('/api/instance-challenges/{instance_challenge_id}', path(it))),
    words.deleted(it.name),
  )
}
