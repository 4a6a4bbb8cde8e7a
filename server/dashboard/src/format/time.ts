/** How long: 7 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  const parts: [number, string, number, string] =
    whole < 3600
      ? [Math.floor(whole / 60), 'min', whole % 60, 's']
      : whole < 86_400
        ? [Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min']
        : [Math.floor(whole / 86_400), 'd', Math.floor((whole % 86_400) / 3600), 'h']
  const [large, largeUnit, small, smallUnit] = parts
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** A countdown of fixed width: 0:07, 3:20, 2:05:00. */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${zone} ${JSON.stringify(options)}`
  let known = formats.get(name)
  if (!known) {
    known = new Intl.DateTimeFormat('en-GB', { ...options, ...(zone ? { timeZone: zone } : {}) })
    formats.set(name, known)
  }
  return known
}

const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
const dayOfYear = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const
const day = { weekday: 'short', day: 'numeric', month: 'short' } as const

/** The time of day in a zone; without one, in the browser's. */
export function clock(at: number, zone?: string): string {
  return format(zone, time).format(at)
}

/** Day and time of day in a zone: Sat 5 May, 09:00:00. */
export function dayAndClock(at: number, zone?: string): string {
  return `${format(zone, day).format(at)}, ${clock(at, zone)}`
}

/** The day of a moment in a zone, to tell whether two are of the same. */
export function dayOf(at: number, zone?: string): string {
  return format(zone, dayOfYear).format(at)
}

/** The time of day, with the day where it is not `today`. */
export function shortly(at: number, today: string, zone?: string): string {
  return dayOf(at, zone) === today ? clock(at, zone) : dayAndClock(at, zone)
}

/** Everything about a moment, for who hovers: in the browser's zone. */
export function everything(at: number): string {
  return format(undefined, { dateStyle: 'full', timeStyle: 'long' }).format(at)
}

/** What an `<input type="datetime-local">` shows of a moment in a zone. */
export function toLocalInput(at: string | null | undefined, zone: string): string {
  if (!at) return ''
  const parts = format(zone, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(Date.parse(at))
  const part = (type: string) => parts.find((it) => it.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`
}

/** The moment that a wall clock in a zone shows as `local` (`2026-05-05T09:00`); null: nothing was given. */
export function fromLocalInput(local: string, zone: string): string | null {
  if (!local) return null
  const asIfUtc = Date.parse(`${local}:00Z`)
  // How far the zone is ahead there; looked at twice, since the first look may be on the other side of a change.
  let moment = asIfUtc
  for (let look = 0; look < 2; look++) {
    const shown = Date.parse(`${toLocalInput(new Date(moment).toISOString(), zone)}:00Z`)
    moment += asIfUtc - shown
  }
  return new Date(moment).toISOString()
}
