import type { ImportFormat } from '../../../api/schema.gen'

/** What a text is: a Compose file has its services at the top level, and a challenge.yml has none. */
export const formatOf = (text: string): ImportFormat => (/^["']?services["']?\s*:/m.test(text) ? 'compose' : 'ctfcli')
