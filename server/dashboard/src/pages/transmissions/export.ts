import type { Transmission, Transmissions } from '../../api/schema.gen'
import { csv } from '../../format/csv'
import { save } from '../../ui/save'

type Read = (limit: number, offset: number) => Promise<Transmissions>

/** All transmissions that pass the filter, page by page; tells the percentage that is read. */
export async function everything(read: Read, onPart: (percent: number) => void): Promise<Transmission[]> {
  const all: Transmission[] = []
  for (;;) {
    const page = await read(1000, all.length)
    all.push(...page.transmissions)
    onPart(Math.round((all.length / Math.max(1, page.total)) * 100))
    if (page.transmissions.length === 0 || all.length >= page.total) return all
  }
}

const columns = {
  timestamp: (it: Transmission) => it.timestamp,
  challenge: (it: Transmission) => it.challenge_name,
  modulation: (it: Transmission) => it.modulation,
  frequency_hz: (it: Transmission) => it.frequency,
  runner: (it: Transmission) => it.runner_id,
  radio: (it: Transmission) => it.radio_id,
  status: (it: Transmission) => it.status,
  started_at: (it: Transmission) => it.started_at,
  ended_at: (it: Transmission) => it.ended_at,
  simulated: (it: Transmission) => it.simulated,
  error: (it: Transmission) => it.error_message,
}

export function keep(form: 'csv' | 'json', all: readonly Transmission[]) {
  const rows = () => [Object.keys(columns), ...all.map((it) => Object.values(columns).map((of) => of(it)))]
  if (form === 'csv') save(csv(rows()), 'transmissions.csv', 'text/csv')
  else save(JSON.stringify(all, null, 1), 'transmissions.json', 'application/json')
}
