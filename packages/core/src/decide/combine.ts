import { EFFECTS, type Decision, type Effect, type Obligation, type Vote } from '../model/decision.ts'
import type { ReasonCode } from '../reasons.ts'

/**
 * Combines votes into one decision: the strictest effect wins, and silence is a deny. `enforced` counts enforcing votes only,
 * `evaluated` counts all, so a rule in observe mode shows what it would do. A further vote never loosens either.
 */
export function combine(votes: readonly Vote[], obligations: readonly Obligation[] = []): Decision {
  const enforcing = votes.filter((vote) => vote.mode === 'enforce')
  const enforced = strictest(enforcing)
  const evaluated = strictest([...votes, ...(enforcing.length === 0 ? [SILENCE] : [])])
  const decisive = enforcing.length === 0 ? [SILENCE] : enforcing.filter((vote) => vote.effect === enforced)
  const retryAfterMs = enforced === 'allow' ? undefined : waitOf(decisive)
  return {
    evaluated,
    enforced,
    reasons: [...new Set<ReasonCode>(decisive.map((vote) => vote.reason))].sort(),
    votes,
    obligations: enforced === 'allow' ? obligations : [],
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

const SILENCE: Vote = { rule: 'silence', effect: 'deny', reason: 'no_vote', mode: 'enforce' }

function strictest(votes: readonly Vote[]): Effect {
  if (votes.length === 0) return 'deny'
  return votes.map((vote) => vote.effect).reduce((a, b) => (EFFECTS.indexOf(a) >= EFFECTS.indexOf(b) ? a : b))
}

/** A wait helps only when every reason to refuse passes with time. */
function waitOf(votes: readonly Vote[]): number | undefined {
  let wait = 0
  for (const { retryAfterMs } of votes) {
    if (retryAfterMs === undefined) return undefined
    wait = Math.max(wait, retryAfterMs)
  }
  return wait
}
