import { endApproval, GatewayError, Id } from '@sallyport/core'
import { z } from 'zod'
import type { Change } from '../state.ts'
import { defineVerb } from './define-verb.ts'
import { requireAgent } from './require.ts'

const Reason = z.string().min(3).max(1_000)

export const isolate = defineVerb({
  name: 'isolate',
  summary: 'Cut an agent off: deny its next call, end its streams, kill its credentials',
  roles: ['owner', 'admin', 'engineer', 'security', 'approver', 'analyst', 'agent-owner'],
  input: z.strictObject({ agent: Id, reason: Reason }),
  output: z.strictObject({ agent: Id, epoch: z.int(), sinceMs: z.int() }),
  target: (input) => input.agent,
  record: 'after',
  run(deps, input, actor) {
    const agent = requireAgent(deps, input.agent)
    if (agent.isolated !== undefined) throw new GatewayError('CONFLICT', 'the agent is isolated already')
    const sinceMs = deps.nowMs()
    const epoch = agent.epoch + 1
    const value = { ...agent, epoch, epochMs: sinceMs, isolated: { sinceMs, by: actor.user.id, reason: input.reason } }
    const open = deps.state.approvals().filter((one) => one.agent === input.agent && endApproval(one, 'cancelled', sinceMs) !== one)
    const cancelled = open.map((one): Change => ({ op: 'put', kind: 'approval', value: endApproval(one, 'cancelled', sinceMs) }))
    return {
      output: { agent: input.agent, epoch, sinceMs },
      changes: [{ op: 'put', kind: 'agent', value }, ...cancelled],
      after: () => deps.onIsolate(input.agent),
      detail: { reason: input.reason, epoch, ...(cancelled.length > 0 && { approvalsCancelled: cancelled.length }) },
    }
  },
})

export const release = defineVerb({
  name: 'release',
  summary: 'Let an isolated agent act again; its old credentials stay dead unless kept',
  roles: ['owner', 'security'],
  confirm: () => true,
  input: z.strictObject({
    agent: Id,
    reason: Reason,
    keepKeys: z.boolean().default(false).meta({ description: 'Bring live keys from before the isolation back to life.' }),
  }),
  output: z.strictObject({ agent: Id, epoch: z.int(), keptKeys: z.array(z.string()), deadKeys: z.array(z.string()) }),
  target: (input) => input.agent,
  run(deps, input) {
    const agent = requireAgent(deps, input.agent)
    if (agent.isolated === undefined) throw new GatewayError('CONFLICT', 'the agent is not isolated')
    const { isolated: _, ...free } = agent
    const nowMs = deps.nowMs()
    const old = deps.state
      .keys(input.agent)
      .filter((key) => key.revokedMs === undefined && (key.expiresMs ?? Infinity) > nowMs && key.epoch < agent.epoch)
    const ids = old.map((key) => key.id)
    const kept = input.keepKeys ? old.map((key): Change => ({ op: 'put', kind: 'key', value: { ...key, epoch: agent.epoch } })) : []
    return {
      output: { agent: input.agent, epoch: agent.epoch, keptKeys: input.keepKeys ? ids : [], deadKeys: input.keepKeys ? [] : ids },
      changes: [{ op: 'put', kind: 'agent', value: free }, ...kept],
      detail: { reason: input.reason, epoch: agent.epoch, keepKeys: input.keepKeys },
    }
  },
})
