import type { Channel, TrustLevel } from '../model/channel.ts'
import type { Obligation, Vote } from '../model/decision.ts'
import { dataAction, detailOf, failureVotes, type GuardAsked, isInjection, modeOf } from './guard-votes.ts'
import { deny } from './votes.ts'

/** How far the parts of a prompt are trusted, by the channel they came through. */
const TRUST: Partial<Record<Channel, TrustLevel>> = { user: 'user', tool: 'unknown' }

/**
 * Votes on a prompt by what detectors saw in it. Links in it are what was read, not a way out; planted instructions are judged by
 * the channel of the message they are in.
 * @param cleared Classes that may leave in the clear.
 */
export function guardPrompt(
  asked: GuardAsked,
  cleared: readonly string[],
): { readonly votes: readonly Vote[]; readonly obligations: readonly Obligation[] } {
  const { findings, guard } = asked
  const { policy } = guard
  const mode = modeOf('output', asked)
  const votes: Vote[] = []
  const blocked = findings.filter((finding) => dataAction(finding, cleared, policy) === 'block')
  if (blocked.length > 0) votes.push({ ...deny('guard.data', 'data_not_cleared', detailOf(blocked)), mode })
  const leaked = findings.filter(({ detector }) => detector === 'canary')
  if (leaked.length > 0) votes.push({ ...deny('guard.canary', 'canary_leaked', detailOf(leaked)), mode })
  const planted = findings.filter((finding) => {
    const channel = (finding.channel ?? 'arguments') as Channel
    return policy.injection[channel] === 'block' && isInjection(finding, TRUST[channel] ?? 'agent', policy)
  })
  if (planted.length > 0)
    votes.push({ ...deny('guard.injection', 'injection_detected', detailOf(planted)), mode: modeOf('input', asked) })
  const masked = findings.some((finding) => dataAction(finding, cleared, policy) === 'redact')
  // A prompt that was not looked at could hold anything, and leaves the house.
  votes.push(...failureVotes(asked, { scope: 'send', tier: 'low', cleared }))
  return { votes, obligations: masked ? [{ type: 'redact', mode, cleared }] : [] }
}
