import { shallowRef } from 'vue'

export interface Question {
  title: string
  text: string
  /** What the button that does it says. */
  act: string
  /** Whether it takes something away. */
  harms: boolean
}

/** What is being asked now. */
export const question = shallowRef<(Question & { answer: (yes: boolean) => void }) | null>(null)

/** Asks before something is done; gives the answer. */
export function sure(asked: Question): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer(yes) {
        question.value = null
        resolve(yes)
      },
    }
  })
}
