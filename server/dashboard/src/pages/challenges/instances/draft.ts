import type {
  Capability,
  ContainerSpec,
  InstanceChallengeChange,
  InstanceChallengeForm,
  InstanceSpec,
  OnExisting,
  Policy,
} from '../../../api/schema.gen'
import { mapOf, pairsOf, type Pair } from '../../../ui/fields/pairs'
import { blankPart, type WorthDraft } from '../flags/worth'

/** What a field of numbers holds: Vue makes a number of what is one. */
type Typed = string | number

/** A challenge that is started for each team or player, while it is typed. */
export interface Draft {
  id: string
  name: string
  enabled: boolean
  category: string
  difficulty: string
  description: string
  tags: string[]
  author: string
  estimatedTime: string
  objectives: string[]
  hints: string[]
  policy: PolicyDraft
  containers: ContainerDraft[]
  /** What it has instead of containers; it is written in event files and stays as it is here. */
  process: InstanceSpec['process']
  worth: WorthDraft
  /** Whether `worth` has the flags; otherwise they stay as they are, or each instance has one of its own. */
  setsFlags: boolean
  /** Keys of the file that it was read from which have no meaning here: they are kept. */
  otherKeys: InstanceChallengeForm['other_keys']
}

export interface PolicyDraft {
  lifetime: number
  idle: number | null
  cooldown: number
  extendable: boolean
  onExisting: OnExisting
  afterSolve: number | null
  warm: Typed
}

export interface ContainerDraft {
  name: string
  image: string
  ports: string[]
  environment: Pair[]
  secrets: Pair[]
  memory: Typed
  cpus: Typed
  pids: Typed
  readOnly: boolean
  health: { port: string; path: string; start: Typed } | null
  entrypoint: string[]
  command: string[]
  workingDir: string
  user: string
  capabilities: Capability[]
  tmpfs: Pair[]
  mayGain: boolean
}

export const CAPABILITIES: readonly Capability[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETUID',
]

export const blank = (): Draft => draftOf({ name: '', spec: { containers: [{ image: '', read_only: true }] } })

/** A further container, under a name that is free. */
export function blankContainer(taken: readonly ContainerDraft[]): ContainerDraft {
  let number = taken.length + 1
  while (taken.some((it) => it.name === `service-${number}`)) number += 1
  return containerDraft({ name: `service-${number}`, image: '', read_only: true })
}

/** A challenge as the server shows it, or as it was read of a file. Only admins see what its instances consist of. */
export type Shown = Omit<InstanceChallengeForm, 'id' | 'spec' | 'other_keys'> & {
  id?: string | null
  spec?: InstanceChallengeForm['spec'] | null
  other_keys?: Record<string, unknown> | null
}

export function draftOf(it: Shown): Draft {
  const parts = it.parts ?? []
  return {
    id: it.id ?? '',
    name: it.name,
    enabled: it.enabled ?? true,
    category: it.category ?? '',
    difficulty: it.difficulty ?? '',
    description: it.description ?? '',
    tags: [...(it.tags ?? [])],
    author: it.author ?? '',
    estimatedTime: it.estimated_time ?? '',
    objectives: [...(it.learning_objectives ?? [])],
    hints: [...(it.hints ?? [])],
    policy: policyDraft(it.policy ?? {}),
    containers: (it.spec?.containers ?? []).map(containerDraft),
    process: it.spec?.process,
    worth: {
      points: it.points ?? 100,
      attempts: it.max_attempts ?? '',
      parts: parts.length === 0 ? [blankPart()] : parts.map(({ share, flags }) => ({ share: share ?? 1, flags })),
    },
    setsFlags: parts.length > 0,
    otherKeys: it.other_keys ?? undefined,
  }
}

const policyDraft = (it: Policy): PolicyDraft => ({
  lifetime: it.lifetime_seconds ?? 3600,
  idle: it.idle_seconds ?? null,
  cooldown: it.cooldown_seconds ?? 0,
  extendable: it.extendable ?? true,
  onExisting: it.on_existing ?? 'return',
  // Null says that the solve changes nothing; without a word, it ends half a minute later.
  afterSolve: it.after_solve_seconds === undefined ? 30 : it.after_solve_seconds,
  warm: it.warm ?? 0,
})

const containerDraft = (it: ContainerSpec): ContainerDraft => ({
  name: it.name ?? 'main',
  image: it.image,
  ports: [...(it.ports ?? [])],
  environment: pairsOf(it.environment),
  secrets: pairsOf(it.secrets),
  memory: it.limits?.memory_mib ?? 256,
  cpus: it.limits?.cpus ?? 0.5,
  pids: it.limits?.pids ?? 128,
  readOnly: it.read_only ?? false,
  health: it.health ? { port: it.health.port, path: it.health.path ?? '', start: it.health.start_seconds ?? 60 } : null,
  entrypoint: [...(it.entrypoint ?? [])],
  command: [...(it.command ?? [])],
  workingDir: it.working_dir ?? '',
  user: it.user ?? '',
  capabilities: [...(it.capabilities ?? [])],
  tmpfs: (it.tmpfs ?? []).map(({ path, size_mib }) => ({ name: path, value: String(size_mib) })),
  mayGain: it.privilege_escalation ?? false,
})

/** The draft as the server takes it. */
export function formOf(draft: Draft): InstanceChallengeForm {
  const attempts = String(draft.worth.attempts).trim()
  const parts = draft.worth.parts.map(({ share, flags }) => ({
    share: Number(share),
    flags: flags.map((flag) => ({ ...flag })),
  }))
  return {
    ...(draft.id.trim() ? { id: draft.id.trim() } : {}),
    name: draft.name,
    enabled: draft.enabled,
    category: draft.category.trim(),
    difficulty: draft.difficulty.trim(),
    description: draft.description,
    tags: draft.tags,
    author: draft.author.trim(),
    estimated_time: draft.estimatedTime.trim(),
    learning_objectives: draft.objectives,
    hints: draft.hints.filter((hint) => hint.trim() !== ''),
    policy: policyOf(draft.policy),
    spec: { containers: draft.containers.map(containerOf), ...(draft.process ? { process: draft.process } : {}) },
    points: Number(draft.worth.points),
    max_attempts: attempts === '' ? null : Number(attempts),
    ...(draft.setsFlags ? { parts } : {}),
    ...(draft.otherKeys ? { other_keys: draft.otherKeys } : {}),
  }
}

/** Only what differs: somebody else may change the rest at the same time, and operators may not change all of it. */
export function changesOf(before: Draft, after: Draft): InstanceChallengeChange {
  const [was, is] = [formOf(before), formOf(after)] as const
  const keys = (Object.keys(is) as (keyof InstanceChallengeForm)[]).filter((key) => key !== 'id')
  const differ = keys.filter((key) => key === 'parts' || JSON.stringify(was[key]) !== JSON.stringify(is[key]))
  return Object.fromEntries(differ.map((key) => [key, is[key]]))
}

const policyOf = (it: PolicyDraft): Policy => ({
  lifetime_seconds: it.lifetime,
  ...(it.idle === null ? {} : { idle_seconds: it.idle }),
  cooldown_seconds: it.cooldown,
  extendable: it.extendable,
  on_existing: it.onExisting,
  after_solve_seconds: it.afterSolve,
  warm: Number(it.warm),
})

function containerOf(it: ContainerDraft): ContainerSpec {
  const path = it.health?.path.trim()
  return {
    name: it.name.trim(),
    image: it.image.trim(),
    ports: it.ports,
    environment: mapOf(it.environment),
    secrets: mapOf(it.secrets),
    limits: { memory_mib: Number(it.memory), cpus: Number(it.cpus), pids: Number(it.pids) },
    read_only: it.readOnly,
    ...(it.health
      ? {
          health: {
            port: it.health.port.trim(),
            ...(path ? { path } : {}),
            start_seconds: Number(it.health.start),
          },
        }
      : {}),
    entrypoint: it.entrypoint,
    command: it.command,
    ...(it.workingDir.trim() ? { working_dir: it.workingDir.trim() } : {}),
    ...(it.user.trim() ? { user: it.user.trim() } : {}),
    capabilities: it.capabilities,
    tmpfs: it.tmpfs.map(({ name, value }) => ({ path: name.trim(), size_mib: Number(value) })),
    privilege_escalation: it.mayGain,
  }
}
