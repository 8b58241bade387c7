import { DELEGATION_MS_MAX, DelegationRecord, GatewayError, Id } from '@sallyport/core'
import { z } from 'zod'
import { ROLES } from '../state-records.ts'
import { DECIDERS } from './approvals.ts'
import { defineVerb } from './define-verb.ts'

/** Most that one person has at a time: a person is away once, not twenty times. */
const OPEN_MAX = 20
const ID_BYTES = 12

const Listed = z.strictObject({
  ...DelegationRecord.shape,
  state: z.enum(['waiting', 'active', 'over']),
})

export const delegationCreate = defineVerb({
  name: 'delegation.create',
  summary: 'Let somebody else decide in your place for a time; the two of you count as one person',
  roles: DECIDERS,
  confirm: () => true,
  input: z.strictObject({
    to: Id,
    fromMs: z.int().min(0).optional().meta({ description: 'Now unless set.' }),
    untilMs: z.int().min(0).meta({ description: 'At most 30 days after its beginning.' }),
    reason: z.string().trim().min(3).max(1_000),
  }),
  output: z.strictObject({ delegation: Listed }),
  target: (input) => input.to,
  run({ state, nowMs, randomBytes }, { to, fromMs, untilMs, reason }, { user }) {
    const createdMs = nowMs()
    const startMs = Math.max(fromMs ?? createdMs, createdMs)
    if (to === user.id) throw new GatewayError('REQUEST_PARAMS', 'nobody stands in for themselves')
    if (untilMs <= startMs || untilMs - startMs > DELEGATION_MS_MAX)
      throw new GatewayError('REQUEST_PARAMS', 'it ends after it begins, at most 30 days later')
    const other = state.user(to)
    if (!other || other.disabledMs !== undefined) throw new GatewayError('NOT_FOUND', 'no such person')
    // Otherwise the choice would give somebody a right that nobody gave them.
    if (!other.roles.some((role) => DECIDERS.includes(role)))
      throw new GatewayError('CONFLICT', `they hold none of the roles that decide: ${DECIDERS.join(', ')}`)
    const open = state.delegations().filter((one) => one.from === user.id && standing(one, createdMs) !== 'over')
    if (open.length >= OPEN_MAX) throw new GatewayError('LIMIT_OVERLOADED', 'you have others decide for you as often as one may')
    const id = `del-${Buffer.from(randomBytes(ID_BYTES)).toString('hex')}`
    const value = { id, from: user.id, to, fromMs: startMs, untilMs, reason, createdMs }
    return {
      output: { delegation: { ...value, state: standing(value, createdMs) } },
      changes: [{ op: 'insert', kind: 'delegation', value }],
      detail: { id, fromMs: startMs, untilMs, reason },
    }
  },
})

export const delegationList = defineVerb({
  name: 'delegation.list',
  summary: 'Who decides in whose place, and until when',
  roles: ROLES,
  reads: true,
  input: z.strictObject({ all: z.boolean().default(false).meta({ description: 'Those that are over as well.' }) }),
  output: z.strictObject({ delegations: z.array(Listed) }),
  run({ state, nowMs }, { all }) {
    const at = nowMs()
    const delegations = state.delegations().map((one) => ({ ...one, state: standing(one, at) }))
    return { output: { delegations: delegations.filter((one) => all || one.state !== 'over') } }
  },
})

export const delegationEnd = defineVerb({
  name: 'delegation.end',
  summary: 'End it before its time: your own, one given to you, or anybody’s as an owner or security',
  roles: DECIDERS,
  input: z.strictObject({ id: DelegationRecord.shape.id }),
  output: z.strictObject({ delegation: Listed }),
  target: (input) => input.id,
  run({ state, nowMs }, { id }, { user }) {
    const known = state.delegations().find((one) => one.id === id)
    if (!known) throw new GatewayError('NOT_FOUND', 'no such delegation')
    const isTheirs = known.from === user.id || known.to === user.id
    if (!isTheirs && !user.roles.some((role) => role === 'owner' || role === 'security'))
      throw new GatewayError('IDENTITY_FORBIDDEN', 'it is neither yours nor given to you')
    const endedMs = nowMs()
    if (standing(known, endedMs) === 'over') throw new GatewayError('CONFLICT', 'it is over')
    const value = { ...known, endedMs }
    return {
      output: { delegation: { ...value, state: standing(value, endedMs) } },
      changes: [{ op: 'put', kind: 'delegation', value }],
      detail: { from: known.from, to: known.to },
    }
  },
})

function standing({ fromMs, untilMs, endedMs }: DelegationRecord, nowMs: number): 'waiting' | 'active' | 'over' {
  if (endedMs !== undefined || nowMs >= untilMs) return 'over'
  return nowMs < fromMs ? 'waiting' : 'active'
}
