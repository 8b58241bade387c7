import type { DecisionEntry, Entry, OutcomeEntry } from '../model/entry.ts'

/** The links of one act, in the order in which they are checked (R287). */
export const CHAIN_LINKS = ['identity', 'permission', 'data', 'action', 'reasoning'] as const

export interface ChainLink {
  readonly link: (typeof CHAIN_LINKS)[number]
  /** Whether the record shows that the check was made; what it came to is another matter. */
  readonly isChecked: boolean
  /** What the record says, or what is missing from it. */
  readonly says: string
}

/** What is recorded of one act, and of the model call that asked for it. */
export interface Chain {
  readonly decision: DecisionEntry
  /** Its outcome, or the word that none came. */
  readonly end?: Entry | undefined
  readonly asked?: { readonly decision: DecisionEntry; readonly outcome?: OutcomeEntry | undefined } | undefined
}

/**
 * Whether every link of an act was checked, by its record alone: who acted, what they may do, which data went in and came out, what
 * happened, and what the model said of it. A link without its check is told, never passed over.
 */
export function chainOf(chain: Chain): readonly ChainLink[] {
  return [identity(chain), permission(chain), data(chain), action(chain), reasoning(chain)]
}

function identity({ decision: { actor, onBehalfOf, versions } }: Chain): ChainLink {
  const { credential, method, id, type } = actor
  if (type !== 'agent' || credential === undefined || method === undefined)
    return missing('identity', 'no verified credential of an agent')
  const user = onBehalfOf === 'system' ? 'no user' : `user ${onBehalfOf.user}`
  return checked('identity', `${id} by ${method}, for ${user}, epoch ${versions.epoch}`)
}

/** A refusal of an agent without a manifest is a check too; an act that was let through without one is not. */
function permission({ decision: { enforced, votes, versions, action: act } }: Chain): ChainLink {
  const rules = votes.map(({ rule, effect, reason }) => `${rule}: ${effect} (${reason})`)
  if (enforced !== 'allow')
    return rules.length > 0 ? checked('permission', rules.join('; ')) : missing('permission', 'no rule voted')
  if (versions.manifest === undefined) return missing('permission', 'allowed without a manifest')
  if (!votes.some(({ effect, rule }) => effect === 'allow' && (rule === 'grant' || rule === 'listing')))
    return missing('permission', 'allowed without a grant')
  if (act.kind === 'tool.call' && versions.definition === undefined)
    return missing('permission', 'allowed without a reviewed definition of the tool')
  return checked('permission', `${rules.join('; ')}; manifest ${versions.manifest.slice(0, 12)}`)
}

function data({ decision: { input, versions, classes = [], detected = [], enforced }, end }: Chain): ChainLink {
  if (input.commitment === '') return missing('data', 'no commitment to what went in')
  if (enforced === 'allow' && versions.guard === undefined) return missing('data', 'nothing looked at what went in')
  if (end?.type === 'outcome' && end.status === 'success' && end.output === undefined)
    return missing('data', 'no commitment to what came back')
  const back = end?.type === 'outcome' ? (end.detected ?? []) : []
  const all = [...new Set([...classes, ...detected, ...back])].sort()
  return checked('data', `${input.bytes} bytes in${all.length === 0 ? '' : `, classes ${all.join(', ')}`}`)
}

function action({ decision: { enforced }, end }: Chain): ChainLink {
  if (enforced !== 'allow')
    return end === undefined ? checked('action', `did not happen: ${enforced}`) : missing('action', 'happened against its decision')
  if (end === undefined) return missing('action', 'allowed, and no outcome is recorded')
  if (end.type === 'unknown') return checked('action', 'its outcome never came: it may have happened')
  return end.type === 'outcome' ? checked('action', end.status) : missing('action', 'no outcome is recorded')
}

function reasoning({ decision, end, asked }: Chain): ChainLink {
  // A model call is itself what a model was asked; its answer says whether it reasoned.
  const { outcome, how } =
    decision.action.kind === 'model.call'
      ? { outcome: end?.type === 'outcome' ? end : undefined, how: 'asked here' }
      : { outcome: asked?.outcome, how: `${decision.flow?.link ?? 'none'} link to model call ${asked?.decision.index ?? ''}` }
  if (decision.enforced !== 'allow' && decision.action.kind === 'model.call') return checked('reasoning', 'no model was asked')
  if (decision.action.kind !== 'model.call' && !asked) return missing('reasoning', 'no model call is known that asked for it')
  const model = outcome?.model
  if (!model) return missing('reasoning', `${how}: no answer is recorded`)
  if (model.reasoning === 'absent') return checked('reasoning', `${how}: the model gave none`)
  return checked('reasoning', `${how}: ${model.thought ? 'kept in the vault' : 'given, and not kept'}`)
}

function checked(link: ChainLink['link'], says: string): ChainLink {
  return { link, isChecked: true, says }
}

function missing(link: ChainLink['link'], says: string): ChainLink {
  return { link, isChecked: false, says }
}
