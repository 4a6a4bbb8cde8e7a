import { resolve } from 'node:path'

/** The modules of the air's own page, which are the receiver of this dashboard's pages too; `tsconfig.json` has the same. */
export const receiver = { receiver: resolve(import.meta.dirname, '../../air/src/browser/page') }
