import type { Vote } from '../model/decision.ts'
import type { Scope, Tier } from '../model/manifest.ts'
import type { ReasonCode } from '../reasons.ts'
import type { CompiledManifest } from './compile.ts'
import type { Facts } from './facts.ts'

export function allow(rule: string, reason: ReasonCode): Vote {
  return { effect: 'allow', mode: 'enforce', reason, rule }
}

export function deny(rule: string, reason: ReasonCode, detail?: string): Vote {
  return { rule, effect: 'deny', reason, mode: 'enforce', ...(detail !== undefined && { detail }) }
}

/** Consequence: a person decides, if any can be asked. */
export function approval({ approval: people }: Facts): Vote {
  const reason = people ? 'approval_required' : 'approval_unavailable'
  return { rule: 'consequence', effect: 'require_approval', reason, mode: 'enforce' }
}

/** The vote on acts that may not happen while too few witnesses vouch for the log. */
export function witnessVotes(
  { unwitnessed }: Facts,
  { scope, tier }: { readonly scope: Scope; readonly tier: Tier },
): readonly Vote[] {
  const isConsequential = scope !== 'read' || tier !== 'low'
  const isStopped = unwitnessed === 'high' ? tier === 'high' : unwitnessed === 'consequential' && isConsequential
  return isStopped ? [deny('witness', 'log_unwitnessed')] : []
}

/** The vote of the budgets that `reserve` asked for. What costs money and what goes in circles is never only observed. */
export function budgetVotes(facts: Facts, manifest: CompiledManifest): readonly Vote[] {
  const { reserved, limit, retryAfterMs, exhausted, loop, observed } = facts.budget
  const after = (wait: number | undefined): Pick<Vote, 'retryAfterMs'> => (wait === undefined ? {} : { retryAfterMs: wait })
  const seen: readonly Vote[] = observed
    ? [{ ...deny('rateLimit', 'rate_limited', observed.limit), mode: 'observe', ...after(observed.retryAfterMs) }]
    : []
  if (reserved) return seen
  if (loop?.isLoop) return [{ ...deny('loop', 'loop_detected', limit), ...after(retryAfterMs) }]
  if (exhausted) return [...seen, { ...deny('budget', 'budget_exhausted', limit), ...after(retryAfterMs) }]
  const mode = manifest.observe.has('rateLimit') ? 'observe' : 'enforce'
  return [{ ...deny('rateLimit', 'rate_limited', limit), mode, ...after(retryAfterMs) }]
}
