import type { Action } from '../model/action.ts'
import type { Obligation, Vote } from '../model/decision.ts'
import { plainPath } from '../model/plain-name.ts'
import type { Principal } from '../model/principal.ts'
import type { ToolFacts } from '../model/tool-facts.ts'
import type { CompiledGrant, CompiledManifest, CompiledTask, ObservableRule } from './compile.ts'
import { coversEffect } from './covers-effect.ts'
import { contradicts, resolveEntity, valueAt, type EntityValue } from './entities.ts'
import type { Facts } from './facts.ts'
import { flowVotes } from './flow-votes.ts'
import { restrictedClasses } from './guard-votes.ts'
import { allow, approval, budgetVotes, deny, witnessVotes } from './votes.ts'

export interface ToolCall {
  readonly principal: Principal
  readonly action: Action
  readonly facts: Facts
  readonly manifest: CompiledManifest
  readonly task: Pick<CompiledTask, 'topics'>
  readonly grant: CompiledGrant
}

/** Every vote on a call of a granted tool, with what an allowed one obliges the gateway to do. */
export function toolVotes(call: ToolCall): { readonly votes: readonly Vote[]; readonly obligations: readonly Obligation[] } {
  const { principal, facts, manifest, grant } = call
  const votes: Vote[] = [allow('grant', 'granted')]
  if (grant.proposed) votes.push(deny('grant', 'grant_proposed', grant.proposed.why))
  if (grant.userRequired && !principal.user) votes.push(deny('user', 'user_required'))
  votes.push(...pinVotes(grant, facts.tool))
  const bound = entityVotes(call)
  votes.push(...argumentVotes(call), ...bound.votes, ...domainVotes(call), ...topicVotes(call))
  votes.push(...flow(call))
  votes.push(...witnessVotes(facts, grant))
  if (grant.gated) votes.push(approval(facts))
  votes.push(...budgetVotes(facts, manifest))
  return { votes, obligations: obligationsOf(call, bound.values) }
}

/** Only a tool that a person reviewed in exactly this form may run, and only for the effect they saw. */
function pinVotes(grant: CompiledGrant, tool: ToolFacts | undefined): readonly Vote[] {
  if (!tool) return [deny('pin', 'tool_unknown')]
  const state = tool.state
  switch (state) {
    case 'approved':
      break
    case 'unreviewed':
    case 'colliding':
    case 'unknown':
    case 'unverifiable':
      return [deny('pin', `tool_${state}`)]
  }
  const covered = tool.effect !== undefined && coversEffect(grant.scope, tool.effect)
  const votes: Vote[] = covered ? [] : [deny('scope', 'scope_exceeded', `${tool.effect ?? 'unknown'} is outside ${grant.scope}`)]
  if (tool.violation) votes.push(deny('schema', 'args_invalid', `${tool.violation.path}: ${tool.violation.message}`))
  return votes
}

function argumentVotes({ action, manifest, grant }: ToolCall): readonly Vote[] {
  const violation = grant.args?.(action.args)
  if (!violation) return []
  return [{ ...deny('args', 'args_invalid', `${violation.path}: ${violation.message}`), mode: modeOf(manifest, 'args') }]
}

/** Bound arguments must name the verified identity's own records; a read may leave them out, for its rows are filtered. */
function entityVotes({ principal, action, manifest, grant }: ToolCall): {
  votes: readonly Vote[]
  values: Readonly<Record<string, EntityValue>>
} {
  const mode = modeOf(manifest, 'entities')
  const votes: Vote[] = []
  const values: [string, EntityValue][] = []
  for (const rule of grant.entities) {
    const value = resolveEntity(rule, principal)
    if (value === undefined) votes.push({ ...deny('entities', 'entity_unresolved', rule.name), mode })
    else {
      values.push([rule.name, value])
      if (contradicts(action.args, rule.segments, value)) votes.push({ ...deny('entities', 'entity_mismatch', rule.name), mode })
      else if (grant.scope !== 'read' && valueAt(action.args, rule.segments) === undefined) {
        votes.push({ ...deny('entities', 'entity_missing', rule.name), mode })
      }
    }
  }
  return { votes, values: Object.fromEntries(values) }
}

function domainVotes({ action, manifest, grant }: ToolCall): readonly Vote[] {
  const outside = grant.domains?.(action.args)
  return outside ? [{ ...deny('domains', outside.reason, plainPath(outside.path)), mode: modeOf(manifest, 'domains') }] : []
}

function flow({ facts, manifest, grant }: ToolCall): readonly Vote[] {
  const cleared = grant.content?.classes ?? []
  const { scope, tier, provenance } = grant
  return flowVotes({
    flow: facts.flow,
    grant: { scope, tier, provenance, cleared },
    restricted: facts.guard ? restrictedClasses(facts.guard.policy) : new Set(),
    mode: modeOf(manifest, 'flow'),
  })
}

/** R080: what does not make sense given the task is not forbidden; a person looks at it first. */
function topicVotes({ action, task, grant }: ToolCall): readonly Vote[] {
  const off = grant.scope === 'read' ? undefined : task.topics?.(action.args)
  return off === undefined
    ? []
    : [{ rule: 'topics', effect: 'require_approval', reason: 'off_task', mode: 'enforce', detail: plainPath(off) }]
}

function obligationsOf({ manifest, grant }: ToolCall, entities: Readonly<Record<string, EntityValue>>): readonly Obligation[] {
  const obligations: Obligation[] = []
  if (grant.entities.length > 0) obligations.push({ type: 'filter_rows', mode: modeOf(manifest, 'entities'), entities })
  if (grant.fields) obligations.push({ type: 'project_fields', mode: modeOf(manifest, 'fields'), fields: grant.fields })
  return obligations
}

function modeOf(manifest: CompiledManifest, rule: ObservableRule): Vote['mode'] {
  return manifest.observe.has(rule) ? 'observe' : 'enforce'
}
