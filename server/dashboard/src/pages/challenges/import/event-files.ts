const EVENT = /\.(ya?ml|csv)$/i
const ARCHIVE = /\.tar$/i

/** Which of the chosen files is the event, or the archive that holds all of it; the others are what it names. */
export function pickEvent<Named extends { name: string }>(files: readonly Named[]) {
  const archive = files.find((file) => ARCHIVE.test(file.name))
  const events = files.filter((file) => EVENT.test(file.name))
  const usual = events.find((file) => /challenges\.ya?ml$/i.test(file.name))
  const event = usual ?? events.find((file) => !/^frequencies/i.test(file.name)) ?? events[0]
  return {
    archive,
    event: archive ? undefined : event,
    others: files.filter((file) => file !== event && file !== archive),
  }
}
