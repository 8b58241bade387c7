import { GatewayError, type OutcomeEntry } from '@sallyport/core'
import { z } from 'zod'
import type { Role } from '../state-records.ts'
import { Purpose } from './audit-readers.ts'
import { type ControlDeps, defineVerb } from './define-verb.ts'

/** What was stopped as an attack is an attack, or somebody's data: only those who judge it look at it. */
const JUDGES: readonly Role[] = ['security']
/** Entries looked through for one list. */
const ENTRIES_LISTED_MAX = 50_000
const PAGE = 1_000
const LIMIT_MAX = 500

const Index = z.int().min(0)
const Held = z.strictObject({
  index: Index.meta({ description: 'Entry of the outcome that withheld it; what the agent was told is that of its decision.' }),
  decision: Index,
  time: z.string(),
  agent: z.string(),
  server: z.string().optional(),
  name: z.string().optional(),
  channel: z.string(),
  trust: z.string(),
  findings: z.array(z.string()).meta({ description: 'Detectors and codes.' }),
  bytes: z.int(),
  isReleased: z.boolean(),
})

export const quarantineList = defineVerb({
  name: 'quarantine.list',
  summary: 'What was stopped on its way to an agent as an injection, newest first',
  roles: JUDGES,
  reads: true,
  isLong: true,
  input: z.strictObject({ limit: z.int().min(1).max(LIMIT_MAX).default(50) }),
  output: z.strictObject({ held: z.array(Held), from: Index.meta({ description: 'First entry that was looked at.' }) }),
  async run(deps, { limit }) {
    const size = await deps.audit.size()
    const held: z.infer<typeof Held>[] = []
    let from = size
    while (from > Math.max(0, size - ENTRIES_LISTED_MAX) && held.length < limit) {
      const to = from
      from = Math.max(0, to - PAGE)
      const page = await deps.audit.read(from, to)
      for (const entry of page.reverse()) {
        if (held.length < limit && isHeld(entry)) held.push(heldOf(entry, deps))
      }
    }
    return { output: { held, from }, detail: { given: held.length } }
  },
})

export const quarantineShow = defineVerb({
  name: 'quarantine.show',
  summary: 'One content from quarantine, as it came; the reading is recorded',
  roles: JUDGES,
  reads: true,
  isLong: true,
  input: z.strictObject({ index: Index, purpose: Purpose }),
  output: z.strictObject({ held: Held, text: z.string() }),
  target: (input) => String(input.index),
  async run(deps, { index, purpose }, { user }) {
    const entry = await requireHeld(deps, index)
    deps.holds?.requireAccess(entry, user.roles)
    const { text } = await requireVault(deps).read(entry.output.vault, entry.output.commitment)
    return { output: { held: heldOf(entry, deps), text }, detail: { purpose, bytes: entry.output.bytes } }
  },
})

export const quarantineRelease = defineVerb({
  name: 'quarantine.release',
  summary: 'Let exactly this content pass from now on: the agent gets it when it asks again',
  roles: JUDGES,
  confirm: () => true,
  input: z.strictObject({ index: Index, reason: z.string().trim().min(3).max(1_000) }),
  output: z.strictObject({ index: Index, commitment: z.string() }),
  target: (input) => String(input.index),
  async run(deps, { index, reason }, { user }) {
    const { output } = await requireHeld(deps, index)
    const { commitment } = output
    if (deps.state.isReleased(commitment)) throw new GatewayError('CONFLICT', 'this content was released already')
    const value = { commitment, entry: index, by: user.id, reason, atMs: deps.nowMs() }
    return {
      output: { index, commitment },
      changes: [{ op: 'put', kind: 'releasedContent', value }],
      detail: { reason, commitment },
    }
  },
})

export const quarantineRevoke = defineVerb({
  name: 'quarantine.revoke',
  summary: 'Take a release back',
  roles: JUDGES,
  input: z.strictObject({ index: Index, reason: z.string().trim().min(3).max(1_000) }),
  output: z.strictObject({ index: Index }),
  target: (input) => String(input.index),
  async run(deps, { index, reason }) {
    const { commitment } = (await requireHeld(deps, index)).output
    if (!deps.state.isReleased(commitment)) throw new GatewayError('CONFLICT', 'this content was not released')
    return {
      output: { index },
      changes: [{ op: 'delete', kind: 'releasedContent', key: commitment }],
      detail: { reason, commitment },
    }
  },
})

/** An outcome whose content is in quarantine. */
export type HeldEntry = OutcomeEntry & {
  readonly output: { readonly vault: NonNullable<NonNullable<OutcomeEntry['output']>['vault']> } & NonNullable<
    OutcomeEntry['output']
  >
}

function isHeld(entry: { readonly type: string }): entry is HeldEntry {
  const { type, reasons = [], output } = entry as Partial<OutcomeEntry> & { readonly type: string }
  const isStopped = reasons.includes('injection_detected') || reasons.includes('content_suspicious')
  return type === 'outcome' && isStopped && output?.vault !== undefined
}

export async function requireHeld(deps: ControlDeps, index: number): Promise<HeldEntry> {
  const size = await deps.audit.size()
  // People have the entry the agent was told: that of the decision. Its outcome follows it.
  const entries = index < size ? await deps.audit.read(index, Math.min(size, index + PAGE)) : []
  const found = entries.find((entry) => isHeld(entry) && (entry.index === index || entry.decision === index))
  if (!found || !isHeld(found)) throw new GatewayError('NOT_FOUND', 'nothing was quarantined for this entry; see "quarantine list"')
  return found
}

export function requireVault({ vault }: ControlDeps): NonNullable<ControlDeps['vault']> {
  if (vault) return vault
  throw new GatewayError('CONFLICT', 'no vault is open here')
}

function heldOf(entry: HeldEntry, { state }: ControlDeps): z.infer<typeof Held> {
  const { index, decision, time, actor, action, source, findings, output } = entry
  return {
    index,
    decision,
    time,
    agent: actor.id,
    ...(action.server === undefined ? {} : { server: action.server }),
    ...(action.name === undefined ? {} : { name: action.name }),
    channel: source?.channel ?? 'tool',
    trust: source?.trust ?? 'unknown',
    findings: [...new Set(findings.map(({ detector, code }) => `${detector}/${code}`))],
    bytes: output.bytes,
    isReleased: state.isReleased(output.commitment),
  }
}
