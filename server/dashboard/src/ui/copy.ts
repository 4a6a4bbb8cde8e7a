/**
 * Copies what an element shows; gives whether it worked. Browsers have a clipboard over TLS only: elsewhere the text is
 * selected and copied from there, and stays selected for those who have to press the keys themselves.
 */
export async function copyOf(shown: HTMLElement): Promise<boolean> {
  const clipboard = navigator.clipboard as Clipboard | undefined
  try {
    if (!clipboard) throw new Error('no clipboard')
    await clipboard.writeText(shown.textContent)
    return true
  } catch {
    getSelection()?.selectAllChildren(shown)
    return document.execCommand('copy')
  }
}
