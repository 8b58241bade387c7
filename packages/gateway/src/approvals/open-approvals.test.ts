import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Action, type Asking, castVote, combine, endApproval, type Facts, GatewayError, type Principal } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ApprovalsConfig } from '../config-approvals.ts'
import { tempFolder } from '../fixtures/world.ts'
import { openState, type State } from '../state.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import type { SystemAct } from '../system-entries.ts'
import { openApprovals, type OpenApprovals } from './open-approvals.ts'

const GATE = { rule: 'consequence', effect: 'require_approval', reason: 'approval_required', mode: 'enforce' } as const
const principal: Principal = { agent: 'clerk', credential: 'k', method: 'agent_key', task: 'work', session: 's', epoch: 0 }
const act = (digest: string): Action => ({ kind: 'tool.call', server: 'erp', name: 'pay', args: {}, digest })
const facts: Facts = { nowMs: 0, isolation: { isolated: false, epoch: 0 }, budget: { reserved: true, keys: [] }, approval: {} }
const asking = (digest: string): Asking => ({
  principal,
  action: act(digest),
  name: 'pay',
  decision: combine([GATE]),
  facts,
  entry: 7,
})

let folder: ReturnType<typeof tempFolder>
let state: State
let approvals: OpenApprovals
let recorded: SystemAct[]
let nowMs: number

beforeEach(async () => {
  folder = tempFolder()
  recorded = []
  nowMs = 1_000_000
  state = await openState(openSqliteStore(join(folder.path, 'state.db')))
  const created = { createdMs: 0, createdBy: 'alice' }
  const publicKey = randomBytes(32).toString('base64')
  const person = (id: string, roles: ('owner' | 'approver')[]) =>
    ({ op: 'insert', kind: 'user', value: { id, roles, attributes: {}, publicKey, ...created } }) as const
  await state.transact([
    { op: 'insert', kind: 'agent', value: { id: 'clerk', epoch: 0, epochMs: 0, ...created } },
    person('alice', ['owner', 'approver']),
    person('dana', ['approver']),
  ])
  approvals = opened({ slaMs: 100_000, waitingMax: 2 })
})
afterEach(async () => {
  await approvals.close()
  await state.close()
  folder.remove()
})

function opened(config: object): OpenApprovals {
  return openApprovals({
    config: ApprovalsConfig.parse(config),
    state,
    record: (act) => recorded.push(act),
    randomBytes,
    nowMs: () => nowMs,
    log: (_, error) => {
      throw error
    },
  })
}

describe('people who are asked', () => {
  test('as many as may wait at once; what is over by the clock waits no more, whether or not it was written down', async () => {
    const { id } = await approvals.ask(asking('a'))
    await approvals.ask(asking('b'))
    await expect(approvals.ask(asking('c'))).rejects.toMatchObject({ code: 'LIMIT_OVERLOADED' })
    // People were told of what was withdrawn; making room by it would tell them of any number.
    await approvals.withdraw(id)
    await expect(approvals.ask(asking('c'))).rejects.toMatchObject({ code: 'LIMIT_OVERLOADED' })
    nowMs += 100_000
    expect(await approvals.ask(asking('c'))).toMatchObject({ id: expect.stringMatching(/^apr-/) })
  })

  test('R149: are reminded at 50 % and 80 % of their time, and told when it is over; each once', async () => {
    const { id } = await approvals.ask(asking('a'))
    const told = async (at: number) => {
      nowMs = 1_000_000 + at
      recorded.length = 0
      await approvals.sweep()
      await approvals.sweep()
      return recorded.map(({ verb }) => verb)
    }
    expect(await told(49_999)).toEqual([])
    expect(await told(50_000)).toEqual(['approval.due'])
    expect(await told(79_999)).toEqual([])
    expect(await told(80_000)).toEqual(['approval.due'])
    expect(await told(100_000)).toEqual(['approval.expired'])
    expect(state.approval(id)).toMatchObject({ state: 'expired' })
  })

  test('R149 R145: have longer than the first ones have, and silence is a rejection, written down once', async () => {
    await approvals.close()
    approvals = opened({ slaMs: 10_000 })
    const manifest = { approvalTimeoutMs: 60_000, tasks: new Map(), hash: 'h' } as unknown as NonNullable<Facts['manifest']>
    const { id, expiresMs } = await approvals.ask({ ...asking('a'), facts: { ...facts, manifest } })
    expect(expiresMs).toBe(1_060_000)
    nowMs = 1_010_000
    await approvals.sweep()
    nowMs = 1_060_000
    await approvals.sweep()
    await approvals.sweep()
    expect(recorded).toMatchObject([
      { verb: 'approval.asked', target: id },
      { verb: 'approval.escalated', target: id, detail: { agent: 'clerk', decision: 7, votes: 0 } },
      { verb: 'approval.expired', target: id },
    ])
    nowMs += 31 * 86_400_000
    await approvals.sweep()
    expect(state.approvals()).toEqual([])
  })

  test('R149: are told what they are asked, once however often the agent comes back, and that nobody needs them any more', async () => {
    const { id } = await approvals.ask(asking('a'))
    await approvals.ask(asking('a'))
    const detail = {
      agent: 'clerk',
      decision: 7,
      kind: 'tool.call',
      server: 'erp',
      name: 'pay',
      task: 'work',
      scope: 'read',
      tier: 'high',
      reasons: ['approval_required'],
      votes: 0,
      people: 1,
      until: new Date(1_100_000).toISOString(),
    }
    expect(recorded).toEqual([{ verb: 'approval.asked', target: id, detail }])
    const known = state.approval(id)
    if (!known) throw new TypeError('it was not kept')
    await state.transact([{ op: 'put', kind: 'approval', value: endApproval(known, 'cancelled', nowMs) }])
    await approvals.sweep()
    await approvals.sweep()
    expect(recorded.slice(1)).toEqual([{ verb: 'approval.cancelled', target: id, detail }])
  })

  test('R142: an act that was decided before they answered does not take their answer away', async () => {
    const { id } = await approvals.ask(asking('a'))
    const known = state.approval(id)
    if (!known) throw new TypeError('it was not kept')
    const vote = { verdict: 'approve', reason: 'as agreed', shown: 'a'.repeat(64), atMs: nowMs } as const
    await state.transact([{ op: 'put', kind: 'approval', value: castVote(known, vote, { id: 'dana', roles: ['approver'] }) }])
    expect(await approvals.ask(asking('a'))).toMatchObject({ id })
    const gone = AbortSignal.abort()
    expect(await approvals.settled(id, { withinMs: 60_000, signal: gone })).toBe('pending')
    expect(await approvals.settled(id, { withinMs: 60_000, signal: new AbortController().signal })).toBe('approved')
    expect(await approvals.consume(known)).toBe(true)
    expect(await approvals.consume(known)).toBe(false)
    expect((await approvals.ask(asking('a'))).id).not.toBe(id)
  })

  test('R142: are not flooded: an agent has only so many acts waiting', async () => {
    await approvals.ask(asking('a'))
    await approvals.ask(asking('b'))
    await approvals.ask(asking('a'))
    await expect(approvals.ask(asking('c'))).rejects.toThrow(GatewayError)
    await expect(approvals.ask(asking('c'))).rejects.toMatchObject({ code: 'LIMIT_OVERLOADED' })
  })

  test('R151: nobody can be asked but the person who made the agent: then nobody is, unless one person is all there is', async () => {
    expect(approvals.facts(principal, act('a'), facts)).toEqual({})
    const dana = state.user('dana')
    if (dana) await state.transact([{ op: 'put', kind: 'user', value: { ...dana, disabledMs: 1 } }])
    expect(approvals.facts(principal, act('a'), facts)).toBeUndefined()
    approvals.reconfigure(ApprovalsConfig.parse({ creatorMayDecide: true }))
    expect(approvals.facts(principal, act('a'), facts)).toEqual({})
  })
})
