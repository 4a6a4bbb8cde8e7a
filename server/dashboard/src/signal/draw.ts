import type { Spectrogram } from './spectrogram'

/** Black, blue, white: brightness alone tells the level, so that it reads in any eye. */
function colour(level: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, level)) * 255
  return [Math.max(0, at * 1.9 - 230), at * 0.85, Math.min(255, 24 + at * 1.15)]
}

export function draw(canvas: HTMLCanvasElement, picture: Spectrogram) {
  const context = canvas.getContext('2d')
  if (!context) return
  canvas.width = picture.columns
  canvas.height = picture.rows
  const image = context.createImageData(picture.columns, picture.rows)
  picture.values.forEach((level, n) => {
    image.data.set(colour(level), 4 * n)
    image.data[4 * n + 3] = 255
  })
  context.putImageData(image, 0, 0)
}
