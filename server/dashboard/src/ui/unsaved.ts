import { onBeforeRouteLeave } from 'vue-router'
import { text } from '../text'
import { sure } from './dialog/question'

/** Asks before a page is left whose form has changes that would be lost. */
export function useUnsaved(isChanged: () => boolean, name: () => string) {
  onBeforeRouteLeave(() => {
    if (!isChanged()) return true
    return sure({ title: text.common.unsaved, text: name(), act: text.common.discard, harms: false })
  })
}
