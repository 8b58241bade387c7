import type { Entry, JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Answer } from '../fixtures/agent-client.ts'
import { type ErpWorld, openErpWorld, storesAt } from '../fixtures/erp-world.ts'
import type { Governed } from '../fixtures/govern.ts'
import { type RecordingServer, text, tool } from '../fixtures/recording-server.ts'

const PAY = { scope: 'transact', tier: 'low', approvers: 1 }
const tools = [tool('pay', ({ args }) => text(`paid ${String(args['amount'])}`)), tool('refund', () => text('refunded'))]
const HOUR_MS = 3_600_000
const approvals = { holdMs: 0, perHourMax: 55, waitingMax: 200, testWithinMs: HOUR_MS }

describe.each(storesAt(inject('postgresUrl')))('people who decide, %s', (_, postgresUrl) => {
  let world: ErpWorld
  let server: RecordingServer
  let governed: Governed
  let amount = 0

  beforeAll(async () => {
    const both = { 'erp.pay': PAY, 'erp.refund': PAY }
    const approver = { roles: ['approver'], attributes: {} }
    const people = ['dana', 'frank', 'gina', 'hugo', 'ines', 'jack', 'kate']
    world = await openErpWorld(postgresUrl, {
      tools: [
        [tools[0]!, 'transact'],
        [tools[1]!, 'transact'],
      ],
      people: {
        ...Object.fromEntries(people.map((person) => [person, approver])),
        sam: { roles: ['security'], attributes: {} },
        pam: { roles: ['security', 'approver'], attributes: {} },
        lena: { roles: ['engineer'], attributes: {} },
        mona: { roles: ['engineer'], attributes: {} },
        nora: { roles: ['analyst'], attributes: {} },
      },
      agents: {
        clerk: { tasks: { work: { tools: both } } },
        careful: { tasks: { work: { tools: { 'erp.pay': { ...PAY, approvers: 2 } } } } },
        hasty: { tasks: { work: { tools: both } }, manifest: { defaults: { approvalTimeoutMs: 1_500 } } },
      },
      config: {
        approvals,
      },
    })
    ;({ server, governed } = world)
  })
  afterAll(() => world?.close())

  const pay = (agent: string, args: JsonObject, name = 'pay'): Promise<Answer> =>
    governed.client(agent, 'work').call(`erp__${name}`, args)
  const idOf = (answer: Answer): string =>
    (answer.refusal as unknown as { approval?: { id: string } })?.approval?.id ?? `nothing waits: ${answer.text}`
  const asked = async (agent = 'clerk', name = 'pay'): Promise<{ args: JsonObject; id: string }> => {
    const args = { amount: ++amount, to: 'Acme' }
    return { args, id: idOf(await pay(agent, args, name)) }
  }
  const shownTo = async (user: string, id: string): Promise<{ id: string; shown: string }> => ({
    id,
    shown: String((await governed.control(user, 'approval.show', { id }))['shown']),
  })
  const decide = async (user: string, id: string, verdict: 'approve' | 'reject' = 'approve'): Promise<JsonObject> =>
    governed.control(user, 'approval.decide', { ...(await shownTo(user, id)), verdict, reason: 'as agreed' })
  const batch = (user: string, requests: readonly { id: string; shown: string }[], verdict = 'approve'): Promise<JsonObject> =>
    governed.control(user, 'approval.batch', { requests: [...requests], verdict, reason: 'one delivery' })
  const stateOf = async (id: string): Promise<unknown> => {
    const { requests } = await governed.control('sam', 'approval.list', { all: true, limit: 500 })
    return (requests as unknown as { id: string; state: string }[]).find((one) => one.id === id)?.state
  }
  const admin = async (verb: string): Promise<Extract<Entry, { type: 'admin' }>[]> =>
    (await governed.entries()).filter(
      (entry): entry is Extract<Entry, { type: 'admin' }> => entry.type === 'admin' && entry.verb === verb,
    )
  const delegate = async (from: string, to: string, more: JsonObject = {}): Promise<string> => {
    const { delegation } = await governed.control(from, 'delegation.create', {
      to,
      untilMs: Date.now() + HOUR_MS,
      reason: 'away',
      ...more,
    })
    return String((delegation as JsonObject)['id'])
  }

  describe('several at once', () => {
    test('R151: all of them are decided, each runs once, and one entry names every one with what was seen', async () => {
      const three = [await asked(), await asked(), await asked()]
      const before = server.calls()
      const requests = await Promise.all(three.map(({ id }) => shownTo('dana', id)))
      await batch('dana', requests)
      for (const { args } of three) expect((await pay('clerk', args)).said).toBe(`paid ${String(args['amount'])}`)
      expect(server.calls()).toBe(before + 3)
      expect((await admin('approval.batch')).at(-1)).toMatchObject({
        actor: { id: 'dana' },
        outcome: 'done',
        detail: {
          requests: requests.map(({ id }) => id),
          shown: requests.map(({ shown }) => shown),
          states: ['approved', 'approved', 'approved'],
          reason: 'one delivery',
        },
      })
    })

    test('R142 R151: or none: one that is over, unlike the others, named twice, not as it was shown, or not theirs', async () => {
      const [one, two, other] = [await asked(), await asked(), await asked('clerk', 'refund')]
      const [first, next, unlike] = await Promise.all([one, two, other].map(({ id }) => shownTo('dana', id)))
      if (!first || !next || !unlike) throw new Error('three were asked')
      await expect(batch('dana', [first, unlike])).rejects.toMatchObject({ code: 'CONFLICT' })
      await expect(batch('dana', [first, first])).rejects.toMatchObject({ code: 'REQUEST_PARAMS' })
      await expect(batch('dana', [first, { ...next, shown: first.shown }])).rejects.toThrow(next.id)
      await expect(batch('lena', [first, next])).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      await decide('frank', two.id, 'reject')
      await expect(batch('dana', [first, next])).rejects.toMatchObject({ code: 'CONFLICT' })
      await expect(batch('dana', [])).rejects.toMatchObject({ code: 'REQUEST_PARAMS' })
      expect([await stateOf(one.id), await stateOf(other.id)]).toEqual(['pending', 'pending'])
      const before = server.calls()
      expect((await pay('clerk', one.args)).refusal?.effect).toBe('require_approval')
      expect(server.calls()).toBe(before)
      // No is no to unlike things, too.
      await batch('dana', [first, unlike], 'reject')
      expect([await stateOf(one.id), await stateOf(other.id)]).toEqual(['rejected', 'rejected'])
    })
  })

  describe('in somebody’s place', () => {
    test('R149 R151: they may for a time; the two count as one person, and the record says whose vote it is', async () => {
      const { id } = await asked('careful')
      await expect(decide('lena', id)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      const delegation = await delegate('gina', 'lena')
      await decide('lena', id)
      expect((await admin('approval.decide')).at(-1)).toMatchObject({ actor: { id: 'lena' }, detail: { inPlaceOf: 'gina' } })
      await expect(decide('gina', id)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      await expect(decide('lena', id)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      expect(await stateOf(id)).toBe('pending')
      await decide('hugo', id)
      expect(await stateOf(id)).toBe('approved')
      await governed.control('gina', 'delegation.end', { id: delegation })
      await expect(decide('lena', (await asked()).id)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    })

    test('R149 R151: not before or after its time, not further, not for whoever has gone, and not through somebody the act is for', async () => {
      const { id } = await asked()
      const early = await delegate('gina', 'lena', { fromMs: Date.now() + HOUR_MS, untilMs: Date.now() + 2 * HOUR_MS })
      await expect(decide('lena', id)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      await governed.control('lena', 'delegation.end', { id: early })
      const chain = [await delegate('gina', 'lena'), await delegate('lena', 'mona')]
      await expect(decide('mona', id)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      for (const one of chain) await governed.control('sam', 'delegation.end', { id: one })
      // The person the agents act for is `bob`; who stands in for him would decide in his place, whatever their own roles are.
      const own = await delegate('bob', 'hugo')
      const { token } = await governed.control('bob', 'session.create', { agent: 'clerk', task: 'work' })
      const { agentClient } = await import('../fixtures/agent-client.ts')
      const forBob = idOf(
        await agentClient(governed.url(), 'clerk', String(token)).call('erp__pay', { amount: ++amount, to: 'Acme' }),
      )
      await expect(decide('hugo', forBob)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      await governed.control('hugo', 'delegation.end', { id: own })
      await decide('hugo', forBob)
      const kates = await delegate('kate', 'lena')
      await governed.control('alice', 'user.update', { user: 'kate', disabled: true, reason: 'left' })
      await expect(decide('lena', id)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      await governed.control('sam', 'delegation.end', { id: kates })
    })

    test.each<[string, string, JsonObject, string]>([
      ['oneself', 'gina', { to: 'gina' }, 'REQUEST_PARAMS'],
      ['nobody', 'gina', { to: 'nobody' }, 'NOT_FOUND'],
      ['somebody who decides nothing', 'gina', { to: 'nora' }, 'CONFLICT'],
      ['longer than a month', 'gina', { to: 'lena', untilMs: Date.now() + 31 * 24 * HOUR_MS }, 'REQUEST_PARAMS'],
      ['a time that is over', 'gina', { to: 'lena', untilMs: 1 }, 'REQUEST_PARAMS'],
    ])('R149: not to %s', async (_what, from, more, code) => {
      await expect(delegate(from, String(more['to']), more)).rejects.toMatchObject({ code })
    })

    test('R149: strangers end nothing, and what is over is not ended again', async () => {
      const id = await delegate('gina', 'lena')
      await expect(governed.control('mona', 'delegation.end', { id })).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      await governed.control('gina', 'delegation.end', { id })
      await expect(governed.control('gina', 'delegation.end', { id })).rejects.toMatchObject({ code: 'CONFLICT' })
      const { delegations } = await governed.control('nora', 'delegation.list', { all: true })
      expect(delegations).toContainEqual(expect.objectContaining({ id, from: 'gina', to: 'lena', state: 'over' }))
      expect((await governed.control('nora', 'delegation.list', {}))['delegations']).not.toContainEqual(
        expect.objectContaining({ id }),
      )
    })
  })

  describe('attention', () => {
    test('R156: a test looks like the act that was rejected, runs nothing, and says afterwards what it was', async () => {
      const { id: real, args } = await asked()
      await expect(governed.control('sam', 'approval.seed', { of: real })).rejects.toMatchObject({ code: 'CONFLICT' })
      await decide('frank', real, 'reject')
      const { view } = await governed.control('ines', 'approval.show', { id: real })
      const [noticed, missed] = await Promise.all(
        [1, 2].map(async () => String((await governed.control('sam', 'approval.seed', { of: real }))['id'])),
      )
      if (!noticed || !missed) throw new Error('two were asked')
      expect((await governed.control('ines', 'approval.show', { id: missed }))['view']).toEqual(view)
      expect(JSON.stringify((await governed.control('ines', 'approval.list', {}))['requests'])).not.toContain('seeded')
      const own = String((await governed.control('pam', 'approval.seed', { of: real }))['id'])
      await expect(decide('pam', own)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      expect(await decide('ines', noticed, 'reject')).toMatchObject({ test: 'noticed' })
      const before = server.calls()
      expect(await decide('ines', missed)).toMatchObject({ test: 'missed', request: { state: 'cancelled' } })
      expect((await pay('clerk', args)).refusal?.reasons).toEqual(['approval_rejected'])
      expect(server.calls()).toBe(before)
      expect((await admin('approval.test_missed')).at(-1)).toMatchObject({
        target: missed,
        detail: { user: 'ines', by: 'sam', of: real },
      })
      const { people } = await governed.control('nora', 'approval.vigilance', {})
      expect(people).toContainEqual(expect.objectContaining({ user: 'ines', tests: 2, testsMissed: 1, decided: 0 }))
    })

    test('R156: who approves fifty acts without looking raises an alert, once; at the limit of an hour they may only say no', async () => {
      for (let i = 0; i < 55; i++) await decide('jack', (await asked()).id)
      expect((await admin('approval.rubber_stamp')).filter(({ target }) => target === 'jack')).toHaveLength(1)
      const { people } = await governed.control('sam', 'approval.vigilance', { days: 1 })
      expect(people).toContainEqual(expect.objectContaining({ user: 'jack', approved: 55, isRubberStamp: true }))
      const { id } = await asked()
      await expect(decide('jack', id)).rejects.toMatchObject({ code: 'LIMIT_OVERLOADED' })
      await expect(batch('jack', [await shownTo('jack', id)])).rejects.toMatchObject({ code: 'LIMIT_OVERLOADED' })
      expect(await stateOf(id)).toBe('pending')
      await decide('jack', id, 'reject')
    })
  })

  describe('other arguments', () => {
    const propose = async (id: string, args: JsonObject, user = 'dana'): Promise<JsonObject> =>
      governed.control(user, 'approval.propose', { ...(await shownTo(user, id)), args, reason: 'half of it' })

    test('R144 R151: the agent hears what somebody would rather see; sent, it is another act, decided and approved anew', async () => {
      const { args, id } = await asked()
      const { args: shown } = await governed.control('dana', 'approval.show', { id })
      expect(JSON.parse(String(shown))).toEqual(args)
      const other = { ...args, amount: -amount }
      const before = server.calls()
      expect(await propose(id, other)).toEqual({ id, state: 'rejected' })
      const told = await pay('clerk', args)
      expect(told.refusal).toMatchObject({ effect: 'deny', reasons: ['approval_rejected'], proposal: other })
      expect(told.said).toContain(JSON.stringify(other))
      const second = await pay('clerk', other)
      expect([second.refusal?.effect, idOf(second) === id]).toEqual(['require_approval', false])
      expect(server.calls()).toBe(before)
      await decide('frank', idOf(second))
      expect((await pay('clerk', other)).said).toBe(`paid ${-amount}`)
      expect((await pay('clerk', args)).refusal?.effect).toBe('deny')
      expect(server.calls()).toBe(before + 1)
      // Both are in the record: what was asked, and a commitment to what was proposed instead, which lies in the vault.
      const entry = (await admin('approval.propose')).at(-1)
      expect(entry).toMatchObject({
        target: id,
        actor: { id: 'dana' },
        detail: { reason: 'half of it', proposed: expect.any(String) },
      })
      expect(JSON.stringify(entry)).not.toContain(String(-amount))
    })

    test('R151: not what it has already, not without the role, not on what they were not shown, not too late, and not for a test', async () => {
      const { args, id } = await asked()
      await expect(propose(id, args)).rejects.toMatchObject({ code: 'REQUEST_PARAMS' })
      await expect(propose(id, { note: 'x'.repeat(20_000) })).rejects.toMatchObject({ code: 'REQUEST_PARAMS' })
      await expect(propose(id, { amount: 1 }, 'mona')).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      const unseen = { id, shown: 'a'.repeat(64), args: { amount: 1 }, reason: 'half of it' }
      await expect(governed.control('dana', 'approval.propose', unseen)).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await stateOf(id)).toBe('pending')
      await decide('frank', id, 'reject')
      await expect(propose(id, { amount: 1 })).rejects.toMatchObject({ code: 'CONFLICT' })
      const { id: seed } = await governed.control('sam', 'approval.seed', { of: id })
      await expect(propose(String(seed), { amount: 1 })).rejects.toMatchObject({ code: 'CONFLICT' })
    })

    test('R144: what hides or turns text is an escape in what is edited, and the same value when it is sent', async () => {
      const args = { amount: ++amount, to: 'Acme\u202Egpj\u200B' }
      const id = idOf(await pay('clerk', args))
      const { args: shown } = await governed.control('dana', 'approval.show', { id })
      expect(String(shown)).toContain('Acme\\u202egpj\\u200b')
      expect(JSON.parse(String(shown))).toEqual(args)
      await decide('dana', id, 'reject')
    })
  })

  describe('the test of the gate', () => {
    const sign = async (): Promise<JsonObject> => {
      const { version, hash } = await governed.control('sam', 'manifest.show', { agent: 'clerk' })
      return governed.control('sam', 'manifest.sign', {
        agent: 'clerk',
        version: version ?? 0,
        hash: hash ?? '',
        role: 'security',
        reason: 'read it',
        signature: 'A'.repeat(86) + '==',
      })
    }

    test('R150: it is kept once the record shows all three, and grants wait for it where the configuration says so', async () => {
      governed.writeManifest('clerk', {
        tasks: { work: { tools: { 'erp.pay': PAY, 'erp.refund': PAY, 'erp.more': { scope: 'write', tier: 'medium' } } } },
      })
      while (Number((await governed.control('alice', 'manifest.show', { agent: 'clerk' }))['version']) < 2)
        await new Promise((resolve) => setTimeout(resolve, 20))
      await expect(sign()).rejects.toThrow('sallyport approvals test-gate')

      const test_ = (of: JsonObject): Promise<JsonObject> => governed.control('sam', 'approval.test', of)
      const expired = await asked('hasty')
      const late = await shownTo('dana', expired.id)
      while ((await stateOf(expired.id)) === 'pending') await new Promise((resolve) => setTimeout(resolve, 50))
      const approved = await asked('hasty')
      await decide('dana', approved.id)
      const rejected = await asked('hasty')
      const ids = { approved: approved.id, rejected: rejected.id, expired: rejected.id }
      await expect(test_(ids)).rejects.toThrow('it takes three requests')
      ids.expired = expired.id
      await expect(test_(ids)).rejects.toThrow(`${approved.id} was not approved and used`)
      await pay('hasty', approved.args)
      await expect(test_(ids)).rejects.toThrow(`${rejected.id} was not rejected`)
      await decide('dana', rejected.id, 'reject')
      await expect(test_(ids)).rejects.toThrow('the agent was refused what was rejected')
      expect((await pay('hasty', rejected.args)).refusal?.reasons).toEqual(['approval_rejected'])
      await expect(test_(ids)).rejects.toThrow('a late approval was refused')
      const vote = { ...late, verdict: 'approve', reason: 'too late' }
      await expect(governed.control('dana', 'approval.decide', vote)).rejects.toMatchObject({ code: 'CONFLICT' })
      const other = await asked('clerk')
      await expect(test_({ ...ids, expired: other.id })).rejects.toThrow('one tool by one agent')

      const { test: kept } = await test_(ids)
      expect(kept).toMatchObject({ ...ids, agent: 'hasty', by: 'sam' })
      const entries = await governed.entries()
      const shown = (kept as unknown as { entries: number[] }).entries.map((index) => entries[index])
      expect(shown).toMatchObject([
        { type: 'decision', enforced: 'allow', approval: { id: ids.approved } },
        { type: 'outcome', status: 'success' },
        { type: 'decision', enforced: 'deny', reasons: ['approval_rejected'] },
        { type: 'admin', verb: 'approval.decide', target: ids.expired, code: 'CONFLICT' },
      ])
      // Past the gate; it is the signature that is wrong now.
      await expect(sign()).rejects.not.toThrow('test-gate')
      // Under another configuration it has not been tested.
      governed.writeConfig({ approvals: { ...approvals, perHourMax: 54 } })
      await expect.poll(() => sign().catch((error: unknown) => String(error)), { timeout: 10_000 }).toContain('test-gate')
    })
  })
})
