import { access } from './people/access'
import { air } from './event/air'
import { alarms } from './event/alarms'
import { challenges } from './event/challenges'
import { common } from './common'
import { deployments } from './players/deployments'
import { flags } from './players/flags'
import { instanceChallenges } from './players/instance-challenges'
import { instances } from './players/instances'
import { logs } from './event/logs'
import { overview } from './event/overview'
import { play } from './players/play'
import { publicPage } from './public'
import { runners } from './event/runners'
import { settings } from './settings'
import { shell } from './shell'
import { submissions } from './players/submissions'
import { teams } from './players/teams'
import { textChallenges } from './players/text-challenges'
import { transmissions } from './event/transmissions'
import { users } from './people/users'

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
  deployments,
  flags,
  instanceChallenges,
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
  textChallenges,
  transmissions,
  users,
} as const
