import type { Vote } from '../model/decision.ts'
import type { FlowFacts, TracedSlot, ValueOrigin } from '../model/flow-facts.ts'
import { isTainted } from '../model/integrity.ts'
import type { Scope, Tier } from '../model/manifest.ts'
import { plainPath } from '../model/plain-name.ts'
import type { ReasonCode } from '../reasons.ts'

/** What the rules of flow look at in a grant. */
export interface FlowGrant {
  readonly scope: Scope
  readonly tier: Tier
  /** Where the value of a field must come from: `user`, or `server.tool`. */
  readonly provenance: Readonly<Record<string, readonly string[]>>
  /** Classes the tool may be given. */
  readonly cleared: readonly string[]
}

export interface FlowAsked {
  readonly flow: FlowFacts | undefined
  readonly grant: FlowGrant
  /** Classes that policy lets go only where they are cleared. */
  readonly restricted: ReadonlySet<string>
  readonly mode: Vote['mode']
}

/**
 * Votes on an act by where its arguments came from. What is only known to be written by others does not choose where an act goes:
 * a person does. Nothing here ever loosens another vote.
 */
export function flowVotes({ flow, grant, restricted, mode }: FlowAsked): readonly Vote[] {
  const declared = Object.keys(grant.provenance)
  if (!flow)
    return declared.length > 0 ? [{ rule: 'provenance', effect: 'deny', reason: 'provenance_unavailable', mode: 'enforce' }] : []
  const votes: Vote[] = []
  const vote = (effect: 'deny' | 'require_approval', reason: ReasonCode, slots: readonly TracedSlot[]): void => {
    votes.push({ rule: 'flow', effect, reason, mode, ...detailOf(slots) })
  }
  const unproved = flow.slots.filter((slot) => declared.includes(slot.field) && !isProved(slot, grant.provenance[slot.field] ?? []))
  // A declared provenance is the grant's own condition: it is never only observed.
  if (unproved.length > 0)
    votes.push({
      rule: 'provenance',
      effect: 'require_approval',
      reason: 'provenance_unendorsed',
      mode: 'enforce',
      ...detailOf(unproved),
    })
  const leaking = flow.slots.filter(({ origins }) => isLeak(origins, restricted, grant.cleared))
  if (leaking.length > 0) vote('deny', 'class_not_cleared', leaking)
  if (!isTainted(flow.integrity)) return votes
  const isEndorsed = (slot: TracedSlot): boolean =>
    slot.isApproved || slot.origins.some(isTrusted) || isProved(slot, grant.provenance[slot.field] ?? [])
  const open = flow.slots.filter((slot) => !isEndorsed(slot))
  const chosen = open.filter(({ kind }) => kind !== 'other' && kind !== 'amount')
  const isConsequential = grant.scope !== 'read' || grant.tier !== 'low'
  if (isConsequential && isChosenByOthers(flow.slots, open, chosen)) vote('require_approval', 'tainted_act', chosen)
  else if (chosen.some(({ kind }) => kind === 'url')) vote('require_approval', 'tainted_url', chosen)
  return votes
}

/**
 * Whether only content of others says where an act goes. A target must be endorsed, whatever else is; an amount only where it is all
 * there is, for sums are computed. An act without any target is others' when it repeats what they wrote, or says nothing at all.
 */
function isChosenByOthers(all: readonly TracedSlot[], open: readonly TracedSlot[], chosen: readonly TracedSlot[]): boolean {
  if (chosen.length > 0) return true
  const isTarget = ({ kind }: TracedSlot): boolean => kind !== 'other' && kind !== 'amount'
  if (all.some(isTarget)) return false
  if (all.length === 0 || open.some(({ kind }) => kind === 'amount')) return true
  return open.some(({ origins }) => origins.some(({ origin }) => origin !== 'model'))
}

/** Most arguments that one vote names. */
const PATHS_MAX = 5

function detailOf(slots: readonly TracedSlot[]): { readonly detail?: string } {
  const paths = slots.slice(0, PATHS_MAX).map(({ path }) => plainPath(path))
  return paths.length === 0 ? {} : { detail: paths.join(', ') }
}

/** Whether a value stands where its manifest wants it to come from, or on the grant's own list. */
function isProved({ isApproved, origins }: TracedSlot, wanted: readonly string[]): boolean {
  return (
    (isApproved && wanted.length > 0) ||
    origins.some(({ origin, source }) => wanted.includes(source ?? '') || (origin === 'user' && wanted.includes('user')))
  )
}

/** Content that others cannot have written. What a model says is made of everything it read. */
function isTrusted({ origin, integrity }: ValueOrigin): boolean {
  return origin !== 'model' && origin !== 'unknown' && !isTainted(integrity)
}

/** A value that came only from sources of a restricted class that the receiver is not cleared for. */
function isLeak(origins: readonly ValueOrigin[], restricted: ReadonlySet<string>, cleared: readonly string[]): boolean {
  const read = origins.filter(({ origin }) => origin === 'tool' || origin === 'retrieval')
  if (read.length === 0 || read.length < origins.filter(({ origin }) => origin !== 'model').length) return false
  return read.every(({ classes }) => classes.some((each) => restricted.has(each) && !cleared.includes(each)))
}
