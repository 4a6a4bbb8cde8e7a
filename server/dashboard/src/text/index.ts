import { access } from './access'
import { air } from './air'
import { alarms } from './alarms'
import { challenges } from './challenges'
import { common } from './common'
import { flags } from './flags'
import { instances } from './instances'
import { logs } from './logs'
import { overview } from './overview'
import { play } from './play'
import { publicPage } from './public'
import { runners } from './runners'
import { settings } from './settings'
import { shell } from './shell'
import { submissions } from './submissions'
import { teams } from './teams'
import { transmissions } from './transmissions'
import { users } from './users'

/**
 * All words of the dashboard, and no others. A function where a value goes in, so that a missing or renamed one fails the
 * type check. Names that people or programs have chosen are put beside a sentence, or into quotes.
 */
export const text = {
  access,
  air,
  alarms,
  challenges,
  common,
  flags,
  instances,
  logs,
  overview,
  play,
  public: publicPage,
  runners,
  settings,
  shell,
  submissions,
  teams,
  transmissions,
  users,
} as const
