import type { Action } from '../model/action.ts'
import type { Decision, Obligation, Vote } from '../model/decision.ts'
import type { Finding } from '../model/finding.ts'
import type { Principal } from '../model/principal.ts'
import type { ReasonCode } from '../reasons.ts'
import { combine } from './combine.ts'
import type { CompiledManifest, CompiledReadGrant, CompiledTask } from './compile.ts'
import type { Facts } from './facts.ts'
import { completionGrant, isDenied, promptGrant, resourceGrant, taskOf } from './grants.ts'
import { guardArguments } from './guard-votes.ts'
import { modelVotes } from './model-votes.ts'
import { purposeVotes } from './purpose.ts'
import { toolVotes } from './tool-votes.ts'
import { allow, approval, budgetVotes, deny, witnessVotes } from './votes.ts'
import { withPeople } from './with-people.ts'

/**
 * Decides one act. Synchronous and pure: the same arguments give the same decision, so a recorded one can be replayed. The
 * isolation check comes first and stands alone; every other rule votes, the strictest vote wins, and silence is a deny.
 */
// Who, what, what was seen, what is known: four, because each is one of the pipeline's own stages.
// oxlint-disable-next-line max-params -- see above
export function decide(principal: Principal, action: Action, findings: readonly Finding[], facts: Facts): Decision {
  const { isolation, manifest } = facts
  if (isolation.isolated || principal.epoch < isolation.epoch) return combine([deny('isolation', 'agent_isolated')])
  // Where nobody set a policy, what could not be inspected goes nowhere.
  const failed = facts.guard === undefined && findings.some((finding) => finding.code === 'detector_failed')
  const votes: Vote[] = failed ? [deny('inspection', 'inspection_failed')] : []
  if (isListing(action)) return combine([...votes, allow('listing', 'listed')])
  if (!manifest || manifest.agent !== principal.agent) return combine([...votes, deny('manifest', 'no_manifest')])
  const task = taskOf(principal, manifest)
  if (!task) return combine([...votes, deny('task', principal.task === undefined ? 'no_task' : 'task_unknown')])
  const found = votesFor({ principal, action, findings, facts, manifest, task })
  return withPeople([...votes, ...found.votes], found.obligations ?? [], facts)
}

/** Acts the gateway answers itself, with what is granted: nothing for an agent without manifest. */
function isListing(action: Action): boolean {
  switch (action.kind) {
    case 'session.open':
    case 'tool.list':
    case 'resource.list':
    case 'prompt.list':
    case 'model.list':
      return true
    case 'tool.call':
    case 'resource.read':
    case 'resource.subscribe':
    case 'prompt.get':
    case 'complete':
    case 'model.call':
    case 'model.embed':
    case 'model.count':
      return false
  }
}

interface Question {
  readonly principal: Principal
  readonly action: Action
  readonly findings: readonly Finding[]
  readonly facts: Facts
  readonly manifest: CompiledManifest
  readonly task: CompiledTask
}

interface Answer {
  readonly votes: readonly Vote[]
  readonly obligations?: readonly Obligation[]
}

function votesFor(question: Question): Answer {
  const { action, manifest, task } = question
  const { server = '', name = '' } = action
  const denied: readonly Vote[] = [
    ...(isDenied(manifest, server, bareName(action)) ? [deny('denied', 'explicitly_denied')] : []),
    ...purposeVotes(question.principal, question.task, question.facts.guard?.source.purposes),
  ]
  switch (action.kind) {
    case 'tool.call': {
      const grant = task.tools.get(`${server}.${name}`)
      if (!grant) return { votes: [...denied, deny('grant', 'tool_not_in_manifest')] }
      const { votes, obligations } = toolVotes({ ...question, grant })
      const guarded = guard(question, { scope: grant.scope, tier: grant.tier, cleared: grant.content?.classes ?? [] })
      return { votes: [...denied, ...votes, ...guarded.votes], obligations: [...obligations, ...guarded.obligations] }
    }
    case 'resource.read':
    case 'resource.subscribe':
      return { votes: [...denied, ...readVotes(question, resourceGrant(task, server, name), 'resource_not_in_manifest')] }
    case 'prompt.get':
      return { votes: [...denied, ...readVotes(question, promptGrant(task, server, name), 'prompt_not_in_manifest')] }
    case 'complete': {
      const missing = name.startsWith('prompt:') ? 'prompt_not_in_manifest' : 'resource_not_in_manifest'
      return { votes: [...denied, ...readVotes(question, completionGrant(task, server, name), missing)] }
    }
    case 'model.call':
    case 'model.embed':
    case 'model.count': {
      const { votes, obligations } = modelVotes(question)
      return { votes: [...denied, ...votes], obligations }
    }
    case 'session.open':
    case 'tool.list':
    case 'resource.list':
    case 'prompt.list':
    case 'model.list':
      return { votes: [allow('listing', 'listed')] }
  }
}

function bareName({ kind, name = '' }: Action): string {
  return kind === 'complete' && name.startsWith('prompt:') ? name.slice('prompt:'.length) : name
}

/** Resources, prompts and their completions: no arguments to bind, the same presence, consequence and budget rules. */
function readVotes(question: Question, grant: CompiledReadGrant | undefined, missing: ReasonCode): readonly Vote[] {
  const { principal, facts, manifest } = question
  if (!grant) return [deny('grant', missing)]
  const votes: Vote[] = [allow('grant', 'granted')]
  if (grant.proposed) votes.push(deny('grant', 'grant_proposed', grant.proposed.why))
  if (grant.userRequired && !principal.user) votes.push(deny('user', 'user_required'))
  votes.push(...witnessVotes(facts, { scope: 'read', tier: grant.tier }))
  votes.push(...guard(question, { scope: 'read', tier: grant.tier, cleared: [] }).votes)
  if (grant.gated) votes.push(approval(facts))
  votes.push(...budgetVotes(facts, manifest))
  return votes
}

type Receiver = Parameters<typeof guardArguments>[1]

/** What detectors saw in the arguments, as votes and obligations; nothing where nothing is inspected. */
function guard({ principal, findings, facts }: Question, receiver: Receiver): Required<Answer> {
  if (!facts.guard) return { votes: [], obligations: [] }
  return guardArguments({ findings, guard: facts.guard, agent: principal.agent, nowMs: facts.nowMs }, receiver)
}
