import { evaluate, type Foreseen, type Foresight, type JsonObject } from '@sallyport/core'
import type { Asked } from './request.ts'
import { openStages, type StageDeps } from './stages.ts'

/** A tool call that is only asked about. */
export interface CallAsked extends Pick<Asked, 'authorization' | 'principal' | 'correlation'> {
  /** Name as the agent's list of tools has it; with `server`, as that server has it. */
  readonly name: string
  readonly server?: string
  readonly args: JsonObject
}

/**
 * What would be decided about a tool call now: the stages of a real one, over a guard and a memory of sessions that keep nothing of
 * it, and without those that do something.
 */
export function openForesee(deps: StageDeps): (asked: CallAsked) => Promise<Foreseen> {
  const guard = { ...deps.guard, inspect: deps.guard.preview }
  const flow = { ...deps.flow, facts: deps.flow.peek }
  const { identify, normalise, handling, inspect, gather, foresee, record, newId, version, replica } = openStages({
    ...deps,
    guard,
    flow,
  })
  const foresight: Foresight<Asked> = {
    identify,
    normalise,
    handling,
    inspect,
    gather,
    foresee,
    record,
    newId,
    version,
    ...(replica === undefined ? {} : { replica }),
  }
  return ({ server, name, args, principal, authorization, correlation }) => {
    const exposed = server === undefined ? name : deps.catalogue.exposed(server, name)
    const params = { name: exposed, arguments: args }
    return evaluate({ agent: principal.agent, kind: 'tool.call', authorization, principal, correlation, params }, foresight)
  }
}
