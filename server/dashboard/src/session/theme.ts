import { ref, watchEffect } from 'vue'

export type Theme = 'auto' | 'light' | 'dark'
const known: Theme[] = ['auto', 'light', 'dark']

function stored(): Theme {
  const word = localStorage.getItem('theme')
  return known.find((theme) => theme === word) ?? 'auto'
}

/** How the pages look in this browser. */
export const theme = ref<Theme>(stored())

watchEffect(() => {
  localStorage.setItem('theme', theme.value)
  if (theme.value === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme.value
})
