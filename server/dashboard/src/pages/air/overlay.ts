import { font, theme } from 'receiver/colours.js'
import { lanes } from '../overview/axis'
import type { Mark } from './plan'

/** What of the receiver's picture is needed to draw over it. */
interface Picture {
  width: number
  height: number
  x: (hertz: number) => number
}

/** Sizes in CSS pixels. */
const TAG = 19
const WIDEST = 150
const LEAST_WIDTH = 3
const LANES = 4

/** Draws the plan over the picture: what is on air with its name and what it occupies, what comes next as an outline. */
export function drawPlan(context: CanvasRenderingContext2D, picture: Picture, marks: readonly Mark[]) {
  const shown = marks
    .map((mark) => ({ mark, left: picture.x(mark.low), right: picture.x(mark.high) }))
    .filter(({ left, right }) => right > 0 && left < picture.width)
    .sort((a, b) => a.left - b.left)
  context.save()
  context.font = font(12)
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  for (const { mark, left, right } of shown) drawSpan(context, mark, left, right, picture.height)
  const tags = shown.map(({ mark, left, right }) => ({ mark, at: (left + right) / 2, ...fitted(context, mark.name) }))
  const share = (pixels: number) => (pixels / picture.width) * 100
  const rows = lanes(tags.map(({ at, width }) => ({ at: share(at), width: share(width + 4) })))
  tags.forEach((tag, n) => drawTag(context, tag, (rows[n] ?? 0) % LANES, picture.width))
  context.restore()
}

function drawSpan(context: CanvasRenderingContext2D, mark: Mark, left: number, right: number, height: number) {
  const width = Math.max(LEAST_WIDTH, right - left)
  const begin = (left + right - width) / 2
  const isOn = mark.kind === 'on_air'
  context.strokeStyle = theme(mark.kind === 'next' ? 'next' : 'plan')
  context.fillStyle = theme('plan')
  context.globalAlpha = isOn ? 0.16 : 0
  context.fillRect(begin, 0, width, height)
  context.globalAlpha = mark.kind === 'next' ? 0.7 : 0.95
  context.lineWidth = 1.25
  context.setLineDash(isOn ? [] : [4, 4])
  for (const x of [begin, begin + width]) {
    context.beginPath()
    context.moveTo(x, TAG)
    context.lineTo(x, height)
    context.stroke()
  }
  context.setLineDash([])
  context.globalAlpha = 1
}

/** What names have been cut to: they are drawn ten times a second. */
const cut = new Map<string, { text: string; width: number }>()
const REMEMBERED = 1000

/** A name as far as there is room for it. It is isolated, so that its direction turns around nothing else. */
function fitted(context: CanvasRenderingContext2D, name: string): { text: string; width: number } {
  const known = cut.get(name)
  if (known) return known
  const isolated = (part: string) => `\u2068${part}\u2069`
  const width = (part: string) => context.measureText(isolated(part)).width
  let part = name.slice(0, 60)
  if (part !== name || width(part) > WIDEST) {
    while (part.length > 1 && width(`${part}…`) > WIDEST) part = part.slice(0, -1)
    part = `${part}…`
  }
  if (cut.size >= REMEMBERED) cut.clear()
  const fits = { text: isolated(part), width: width(part) + 12 }
  cut.set(name, fits)
  return fits
}

function drawTag(
  context: CanvasRenderingContext2D,
  { mark, at, text, width }: { mark: Mark; at: number; text: string; width: number },
  lane: number,
  most: number,
) {
  const isNext = mark.kind === 'next'
  const x = Math.min(Math.max(2, at - width / 2), most - width - 2)
  const y = 2 + lane * (TAG + 2)
  context.beginPath()
  context.roundRect(x + 0.5, y + 0.5, width - 1, TAG - 1, 4)
  context.fillStyle = theme(isNext ? 'ground' : 'tag')
  context.fill()
  context.setLineDash(mark.kind === 'on_air' ? [] : [3, 3])
  context.strokeStyle = theme(isNext ? 'next' : 'plan')
  context.lineWidth = 1
  context.stroke()
  context.setLineDash([])
  context.fillStyle = theme(isNext ? 'faint' : 'text')
  context.fillText(text, x + 6, y + TAG / 2 + 0.5)
}
