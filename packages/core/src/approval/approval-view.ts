import { z } from 'zod'
import type { ApprovalRecord } from '../model/approval.ts'
import { sha256Hex } from '../model/bytes.ts'
import type { DecisionEntry } from '../model/entry.ts'
import { jcs } from '../model/jcs.ts'
import type { Json, JsonObject } from '../model/json.ts'
import { SCOPES, type Scope, TIERS } from '../model/manifest.ts'
import { plainPath } from '../model/plain-name.ts'
import { shownText } from '../model/shown-text.ts'
import { REASONS, type ReasonCode } from '../reasons.ts'

const Shown = z.string()
const ShownArgument = z.strictObject({
  path: Shown,
  value: Shown.meta({ description: 'Exactly, but for what hides or moves text, which shows as an escape.' }),
  was: Shown.optional().meta({
    description: 'What stood there in the last call of this tool that people approved, where it differs.',
  }),
  from: z.array(Shown).meta({ description: 'Where the session had the value from; empty where nobody knows.' }),
})

/** What an approver decides on: facts from the bytes of the act, none of them in anybody's words but the gateway's. */
export const ApprovalView = z
  .strictObject({
    line: Shown.meta({ description: 'The act in one line.' }),
    agent: Shown,
    onBehalfOf: Shown,
    task: Shown,
    server: Shown,
    name: Shown,
    scope: z.enum(SCOPES),
    tier: z.enum(TIERS),
    reversibility: Shown,
    arguments: z.array(ShownArgument),
    isWhole: z.boolean().meta({ description: 'Whether every argument is shown to its end; what is not cannot be judged.' }),
    why: z.array(z.strictObject({ rule: Shown, reason: Shown, means: Shown, detail: Shown.optional() })),
    leaving: z
      .strictObject({ to: Shown, classes: z.array(Shown) })
      .optional()
      .meta({ description: 'Classes of data that the session read, and where the act would take them.' }),
    onReject: Shown,
    decision: z.int().meta({ description: 'Entry of the decision that asked.' }),
  })
  .meta({ id: 'ApprovalView', description: 'What an approver is shown.' })
export type ApprovalView = z.infer<typeof ApprovalView>

/** Most arguments shown, and the most of one. */
const ARGUMENTS_MAX = 100
const VALUE_CHARS_MAX = 4_000

export interface ViewedAct {
  readonly record: ApprovalRecord
  /** The decision that asked. */
  readonly entry: Pick<DecisionEntry, 'flow'>
  readonly args: JsonObject
  /** Arguments of the last approved call of the same tool by the same agent. */
  readonly before?: JsonObject
}

/** What people are shown of a request. Pure, so that the hash of it says what they saw. */
export function approvalView({ record, entry, args, before }: ViewedAct): ApprovalView {
  const { action, agent, scope, tier, user } = record
  const leaves = [...leavesOf(args)]
  const old = before && new Map([...leavesOf(before)].map(({ path, value }) => [path, value]))
  const shown = leaves.slice(0, ARGUMENTS_MAX).map(({ path, value }) => {
    const was = old?.get(path)
    return {
      path: shownText(path),
      value: cut(value),
      ...(was !== undefined && was !== value && { was: cut(was) }),
      from: originsOf(entry.flow, path),
    }
  })
  const isWhole = leaves.length <= ARGUMENTS_MAX && leaves.every(({ value }) => value.length <= VALUE_CHARS_MAX)
  const server = shownText(action.server ?? '')
  const name = shownText(action.name ?? '')
  const brief = shown.slice(0, 3).map(({ path, value }) => `${path.slice(1)} = ${value.slice(0, 80)}`)
  return {
    line: `${agent} wants to ${VERBS[scope]} ${server}.${name}${brief.length > 0 ? `: ${brief.join(', ')}` : ''}`,
    agent,
    onBehalfOf: user ? shownText(`${user.id} (${user.issuer})`) : 'nobody: the system itself',
    task: shownText(record.task ?? ''),
    server,
    name,
    scope,
    tier,
    reversibility: REVERSIBILITY[tier],
    arguments: shown,
    isWhole,
    why: record.asked.map(({ rule, reason, detail }) => ({
      rule,
      reason,
      means: Object.hasOwn(REASONS, reason) ? REASONS[reason as ReasonCode].means : reason,
      ...(detail !== undefined && { detail: shownText(detail) }),
    })),
    ...(record.classes.length > 0 && { leaving: { to: server, classes: record.classes.map(shownText) } }),
    onReject: 'nothing happens, and the agent is told that a person said no',
    decision: record.decision,
  }
}

/** SHA-256 over the JCS form of what was shown. */
export function shownHash(view: ApprovalView): string {
  return sha256Hex(jcs(view as unknown as Json))
}

const VERBS: Readonly<Record<Scope, string>> = {
  read: 'read with',
  write: 'change something with',
  send: 'send something with',
  delete: 'delete something with',
  transact: 'move money or make a contract with',
}

const REVERSIBILITY = {
  low: 'can be undone completely',
  medium: 'can be undone with effort',
  high: 'hard or impossible to undo',
} as const

interface Leaf {
  readonly path: string
  readonly value: string
}

/** Every value that is not a container, with its JSON pointer; an empty container is one. */
function* leavesOf(value: Json, path = ''): Generator<Leaf> {
  const members = typeof value === 'object' && value !== null ? (Object.entries(value) as [string, Json][]) : []
  if (members.length === 0) yield { path, value: typeof value === 'string' ? value : JSON.stringify(value) }
  for (const [name, member] of members) yield* leavesOf(member, `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
}

function cut(value: string): string {
  return shownText(value.length > VALUE_CHARS_MAX ? `${value.slice(0, VALUE_CHARS_MAX)}… (${value.length} characters)` : value)
}

function originsOf(flow: DecisionEntry['flow'], path: string): string[] {
  const slot = flow?.slots.find((one) => one.path === plainPath(path))
  const told = slot?.origins.map(({ origin, source, integrity }) => `${source ?? origin} (${integrity})`) ?? []
  return [...new Set(told)].map(shownText)
}
