import type { Action } from '../model/action.ts'
import type { Obligation, Vote } from '../model/decision.ts'
import type { Finding } from '../model/finding.ts'
import type { ModelFacts } from '../model/model-facts.ts'
import type { Principal } from '../model/principal.ts'
import type { CompiledManifest, CompiledTask } from './compile.ts'
import type { Facts } from './facts.ts'
import { guardPrompt } from './guard-prompt.ts'
import { allow, budgetVotes, deny, witnessVotes } from './votes.ts'

interface Asked {
  readonly principal: Principal
  readonly action: Action
  readonly findings: readonly Finding[]
  readonly facts: Facts
  readonly manifest: CompiledManifest
  readonly task: CompiledTask
}

/** Votes on one model call: grant, system prompt, features, history, who may answer it, what is in it, budget. */
export function modelVotes(asked: Asked): { readonly votes: readonly Vote[]; readonly obligations: readonly Obligation[] } {
  const { principal, action, findings, facts, manifest, task } = asked
  const { granted, policy } = task.models
  const name = action.name ?? ''
  if (!granted.has(name)) return { votes: [deny('grant', 'model_not_in_manifest')], obligations: [] }
  // Without facts there is nobody to ask.
  if (!facts.model) return { votes: [deny('eligibility', 'model_unknown')], obligations: [] }
  const proposed = granted.get(name)
  const guard = facts.guard
    ? guardPrompt({ findings, guard: facts.guard, agent: principal.agent, nowMs: facts.nowMs }, policy.classes)
    : { votes: [], obligations: [] }
  return {
    votes: [
      allow('grant', 'granted'),
      ...(proposed ? [deny('grant', 'grant_proposed', proposed.why)] : []),
      ...promptVotes(facts.model, policy.systemPrompt),
      ...featureVotes(facts.model, policy.features),
      ...(facts.model.history.altered > 0 ? [deny('history', 'history_altered')] : []),
      ...eligibilityVotes(facts.model),
      ...witnessVotes(facts, { scope: 'read', tier: 'low' }),
      ...guard.votes,
      ...budgetVotes(facts, manifest),
    ],
    obligations: guard.obligations,
  }
}

/** The system role belongs to the pinned prompt (R061). */
function promptVotes({ system, prompt }: ModelFacts, policy: string): readonly Vote[] {
  if (prompt?.isKnown === false) return [deny('prompt', 'prompt_unknown')]
  return system === 'foreign' && policy === 'refuse' ? [deny('prompt', 'system_prompt_refused')] : []
}

/** What runs at the provider never meets the gateway, so each kind needs a grant; what nobody knows is one too. */
function featureVotes({ features }: ModelFacts, granted: readonly string[]): readonly Vote[] {
  const missing = features.filter((feature) => !granted.includes(feature) && !granted.includes(undated(feature)))
  return missing.slice(0, 5).map((feature) => deny('features', 'model_feature_not_in_manifest', feature))
}

/** Hosted tools carry the date of their version: `web_search_20250305`. */
function undated(feature: string): string {
  return feature.replace(/_20\d{6}$/, '')
}

function eligibilityVotes({ eligibility: { eligible, refused } }: ModelFacts): readonly Vote[] {
  if (eligible.length > 0) return []
  if (refused.length === 0) return [deny('eligibility', 'model_unknown')]
  return [...new Set(refused.map(({ reason }) => reason))].map((reason) => deny('eligibility', reason))
}
