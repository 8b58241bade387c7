import type { Vote } from '../model/decision.ts'
import type { ReasonCode } from '../reasons.ts'
import type { CompiledManifest } from './compile.ts'
import type { Facts } from './facts.ts'

export function allow(rule: string, reason: ReasonCode): Vote {
  return { effect: 'allow', mode: 'enforce', reason, rule }
}

export function deny(rule: string, reason: ReasonCode, detail?: string): Vote {
  return { rule, effect: 'deny', reason, mode: 'enforce', ...(detail !== undefined && { detail }) }
}

/** Consequence: a person decides, and in this version none can be asked. */
export function approval(): Vote {
  return { rule: 'consequence', effect: 'require_approval', reason: 'approval_unavailable', mode: 'enforce' }
}

/** The vote of the budgets that `reserve` asked for. */
export function budgetVotes(facts: Facts, manifest: CompiledManifest): readonly Vote[] {
  const { reserved, limit, retryAfterMs } = facts.budget
  if (reserved) return []
  const mode = manifest.observe.has('rateLimit') ? 'observe' : 'enforce'
  return [{ ...deny('rateLimit', 'rate_limited', limit), mode, ...(retryAfterMs !== undefined && { retryAfterMs }) }]
}
