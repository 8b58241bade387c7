import type { Effect, Vote } from '../model/decision.ts'
import type { DecisionEntry } from '../model/entry.ts'
import { jcs } from '../model/jcs.ts'
import type { Json } from '../model/json.ts'
import type { Manifest, Scope } from '../model/manifest.ts'
import type { ReasonCode } from '../reasons.ts'
import { combine } from './combine.ts'
import type { CompiledGrant, CompiledManifest, CompiledReadGrant, CompiledTask } from './compile.ts'
import { coversEffect } from './covers-effect.ts'
import { completionGrant, isDenied, promptGrant, resourceGrant } from './grants.ts'
import { allow, deny } from './votes.ts'

/** What a recorded act would have become. */
export interface Replayed {
  readonly before: Effect
  readonly after: Effect
  /** Whether it is known. Where a bound on arguments changed it is not, as the log has none: `after` is the least it would be. */
  readonly isCertain: boolean
  readonly reasons: readonly ReasonCode[]
}

export interface ReplayUnder {
  /** The manifest the act was decided under; absent where nobody knows. */
  readonly was: Manifest | undefined
  readonly next: Manifest
  /** `next`, compiled as if everybody had signed it. */
  readonly compiled: CompiledManifest
  /** What a person said a tool does; absent where nobody reviewed it. */
  readonly effectOf: (server: string, tool: string) => Scope | undefined
}

/** Rules that a manifest alone decides; what they said is asked again. */
const ASKED_AGAIN: ReadonlySet<string> = new Set(['manifest', 'task', 'denied', 'grant', 'user', 'scope', 'consequence', 'silence'])
/** What people said holds for the act they were asked about. */
const PEOPLE = 'approval'
/** Rules over arguments and over what the session read: not in the entry, so they are not asked again. */
const BOUND_RULES: ReadonlySet<string> = new Set(['args', 'entities', 'domains', 'topics', 'provenance', 'flow', 'rateLimit'])
/** Members of a tool's grant that those rules rest on. */
const BOUNDS = ['args', 'entities', 'domains', 'provenance', 'approved', 'classes', 'scope', 'tier', 'rateLimit'] as const

/**
 * Decides a recorded act again under another manifest, from its entry alone. What the manifest says of grants, denials, users and
 * people is asked again; what detectors, budgets, sessions and reviews said is taken as it was. `undefined` for acts that no grant
 * decides.
 */
export function replayDecision(entry: DecisionEntry, under: ReplayUnder): Replayed | undefined {
  if (!isGranted(entry)) return undefined
  const said = (entry.votes as readonly Vote[]).filter(({ rule }) => rule !== PEOPLE)
  const { votes, isCertain } = again(entry, under)
  const kept = said.filter(({ rule }) => !ASKED_AGAIN.has(rule) && (isCertain || !BOUND_RULES.has(rule)))
  const { enforced, reasons } = combine([...kept, ...votes])
  return { before: combine(said).enforced, after: enforced, isCertain, reasons }
}

function isGranted({ action: { kind } }: DecisionEntry): boolean {
  return (
    kind === 'tool.call' ||
    kind === 'resource.read' ||
    kind === 'resource.subscribe' ||
    kind === 'prompt.get' ||
    kind === 'complete'
  )
}

function again(entry: DecisionEntry, under: ReplayUnder): { readonly votes: readonly Vote[]; readonly isCertain: boolean } {
  const { server = '', name = '', kind } = entry.action
  const bare = kind === 'complete' && name.startsWith('prompt:') ? name.slice('prompt:'.length) : name
  const denied = isDenied(under.compiled, server, bare) ? [deny('denied', 'explicitly_denied')] : []
  const task = entry.task === undefined ? undefined : under.compiled.tasks.get(entry.task)
  if (!task) return { votes: [...denied, deny('task', entry.task === undefined ? 'no_task' : 'task_unknown')], isCertain: true }
  if (kind === 'tool.call') {
    const grant = task.tools.get(`${server}.${name}`)
    if (!grant) return { votes: [...denied, deny('grant', 'tool_not_in_manifest')], isCertain: true }
    const votes = [...denied, ...grantVotes(entry, grant), ...scopeVotes(grant, under.effectOf(server, name))]
    return { votes, isCertain: denied.length > 0 || boundsAsBefore(entry, under) }
  }
  const grant = readGrant(task, entry)
  const missing = kind === 'prompt.get' || name.startsWith('prompt:') ? 'prompt_not_in_manifest' : 'resource_not_in_manifest'
  return { votes: [...denied, ...(grant ? grantVotes(entry, grant) : [deny('grant', missing)])], isCertain: true }
}

function readGrant(task: CompiledTask, { action: { kind, server = '', name = '' } }: DecisionEntry): CompiledReadGrant | undefined {
  if (kind === 'prompt.get') return promptGrant(task, server, name)
  return kind === 'complete' ? completionGrant(task, server, name) : resourceGrant(task, server, name)
}

function grantVotes({ onBehalfOf }: DecisionEntry, grant: Pick<CompiledReadGrant, 'userRequired' | 'gated'>): Vote[] {
  return [
    allow('grant', 'granted'),
    ...(grant.userRequired && onBehalfOf === 'system' ? [deny('user', 'user_required')] : []),
    ...(grant.gated ? [{ ...deny('consequence', 'approval_required'), effect: 'require_approval' as const }] : []),
  ]
}

function scopeVotes({ scope }: Pick<CompiledGrant, 'scope'>, effect: Scope | undefined): Vote[] {
  if (effect === undefined) return [deny('pin', 'tool_unreviewed')]
  return coversEffect(scope, effect) ? [] : [deny('scope', 'scope_exceeded')]
}

/** Whether all that binds the arguments says what it said; where there was no grant, whether there is nothing that does. */
function boundsAsBefore({ task = '', action: { server = '', name = '' } }: DecisionEntry, { was, next }: ReplayUnder): boolean {
  const of = (manifest: Manifest | undefined): string | undefined => {
    const held = manifest && Object.hasOwn(manifest.tasks, task) ? manifest.tasks[task] : undefined
    const key = `${server}.${name}`
    const grant = held && Object.hasOwn(held.tools, key) ? held.tools[key] : undefined
    if (!held || !grant) return undefined
    const bounds = Object.fromEntries(BOUNDS.map((member) => [member, (grant as Record<string, unknown>)[member] ?? null]))
    return jcs({ bounds, topics: held.topics ?? null, observe: [...(manifest?.observe ?? [])].sort() } as unknown as Json)
  }
  return of(was) === of(next)
}
