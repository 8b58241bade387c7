import type { DecisionEntry } from '../model/entry.ts'
import type { ModelFacts } from '../model/model-facts.ts'

/** Most features of one request that are recorded. */
const FEATURES_MAX = 50

/** What the record holds of a model call as it was decided. */
export function modelAsked(facts: ModelFacts): NonNullable<DecisionEntry['model']> {
  const { eligibility, prompt, wire, params, system, features, history } = facts
  return {
    eligible: eligibility.eligible.map(({ provider }) => provider),
    features: features.slice(0, FEATURES_MAX),
    history,
    params,
    ...(prompt && { prompt: prompt.hash }),
    refused: eligibility.refused.map((each) => ({ ...each })),
    system,
    wire,
  }
}
