import { type ApprovalRecord, ASKED_MAX, type AskedReason } from '../model/approval.ts'
import type { Decision, Obligation, Vote } from '../model/decision.ts'
import { INTEGRITY_LEVELS, type Integrity, isTainted } from '../model/integrity.ts'
import { combine } from './combine.ts'
import type { Facts } from './facts.ts'
import { allow, deny } from './votes.ts'

/**
 * The decision over votes and over what people said about exactly this act. An approval answers the rules that wanted a person and
 * no other: a deny stays, and so does any reason to ask, or anything the session read, that was not there when they were asked.
 */
export function withPeople(votes: readonly Vote[], obligations: readonly Obligation[], facts: Facts): Decision {
  const decision = combine(votes, obligations)
  const request = facts.approval?.request
  if (decision.enforced !== 'require_approval' || !request) return decision
  switch (request.state) {
    case 'rejected':
    case 'expired':
    case 'cancelled':
      return combine([...votes, deny('approval', `approval_${request.state}`)])
    case 'pending':
    case 'consumed':
      return decision
    case 'approved': {
      if (!coversAsked(request, decision, facts)) return decision
      const said = allow('approval', 'approved')
      const others = votes.filter(({ effect, mode }) => effect !== 'require_approval' || mode === 'observe')
      return { ...combine([...others, said], obligations), votes: [...votes, said], approval: request.id }
    }
  }
}

/** Whether a request was made about everything that makes this act wait now. */
export function coversAsked(request: ApprovalRecord, decision: Decision, { flow }: Facts): boolean {
  const asked = new Set(request.asked.map(asText))
  if (!askedReasons(decision).every((reason) => asked.has(asText(reason)))) return false
  if (!flow) return true
  // Among what nobody else can have written, less is not worse.
  const isWorse =
    isTainted(flow.integrity) && (request.integrity === undefined || levelOf(flow.integrity) < levelOf(request.integrity))
  return !isWorse && flow.classes.every((name) => request.classes.includes(name))
}

/** Whether nobody was asked about this act yet, or not about all that makes it wait now. */
export function mustAsk(decision: Decision, facts: Facts): boolean {
  if (decision.enforced !== 'require_approval' || !facts.approval) return false
  const { request } = facts.approval
  return request?.state !== 'pending' || !coversAsked(request, decision, facts)
}

/** Why an act waits for people: the rules that say so. */
export function askedReasons({ votes }: Pick<Decision, 'votes'>): readonly AskedReason[] {
  return votes
    .filter(({ effect, mode }) => effect === 'require_approval' && mode === 'enforce')
    .slice(0, ASKED_MAX)
    .map(({ rule, reason, detail }) => ({ rule, reason, ...(detail !== undefined && { detail: detail.slice(0, 1_000) }) }))
}

function asText({ rule, reason, detail = '' }: AskedReason): string {
  return JSON.stringify([rule, reason, detail])
}

/** One that nobody knows is the lowest. */
function levelOf(integrity: string): number {
  return INTEGRITY_LEVELS.indexOf(integrity as Integrity)
}
