import type { DecisionEntry, Entry, JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import type { Answer } from '../fixtures/agent-client.ts'
import { type ErpWorld, openErpWorld, storesAt } from '../fixtures/erp-world.ts'
import { type Governed, govern } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import type { Replica } from '../fixtures/replicate.ts'

const PAY = { 'erp.pay': { scope: 'transact', tier: 'low', approvers: 1 } }
const tools = [tool('pay', ({ args }) => text(`paid ${String(args['amount'])}`)), tool('look', () => text('seen'))]

interface Shown {
  readonly request: JsonObject
  readonly view: JsonObject & { readonly arguments: readonly JsonObject[] }
  readonly shown: string
}

describe.each(storesAt(inject('postgresUrl')))('acts that wait for people, %s', (_, postgresUrl) => {
  let world: ErpWorld
  let server: RecordingServer
  let governed: Governed
  /** Another gateway over the same database. */
  let second: Replica | undefined
  let amount = 0

  beforeAll(async () => {
    world = await openErpWorld(postgresUrl, {
      tools: [
        [tools[0]!, 'transact'],
        [tools[1]!, 'read'],
      ],
      people: {
        dana: { roles: ['approver'], attributes: {} },
        frank: { roles: ['approver'], attributes: {} },
      },
      agents: {
        clerk: {
          tasks: { work: { tools: PAY } },
        },
        careful: { tasks: { work: { tools: { 'erp.pay': { scope: 'transact', tier: 'low', fourEyesFrom: { amount: 1_000 } } } } } },
        hasty: { tasks: { work: { tools: PAY } }, manifest: { defaults: { approvalTimeoutMs: 300 } } },
        stopped: { tasks: { work: { tools: PAY } } },
        edited: { tasks: { work: { tools: PAY } } },
      },
      config: { approvals: { holdMs: 0 }, console: { publicUrl: 'https://console.example' } },
    })
    ;({ server, governed, second } = world)
  })
  afterAll(() => world?.close())
  beforeEach(() => {
    amount++
  })

  const pay = (agent = 'clerk', args: JsonObject = { amount, to: 'Acme' }): Promise<Answer> =>
    governed.client(agent, 'work').call('erp__pay', args)
  const waitingId = (answer: Answer): string => {
    const told = answer.refusal as unknown as { approval?: { id: string } }
    expect(told?.approval, answer.text).toMatchObject({ status: 'pending_approval' })
    expect(told.approval).toHaveProperty('url', `https://console.example/approvals/${told.approval?.id}`)
    return told?.approval?.id ?? ''
  }
  const show = async (id: string, user = 'dana'): Promise<Shown> =>
    (await governed.control(user, 'approval.show', { id })) as unknown as Shown
  const decide = async (id: string, verdict: 'approve' | 'reject', user = 'dana'): Promise<JsonObject> => {
    const { shown } = await show(id, user)
    return governed.control(user, 'approval.decide', { id, verdict, reason: 'as agreed', shown })
  }
  const decisions = async (): Promise<DecisionEntry[]> =>
    (await governed.entries()).filter((entry): entry is Extract<Entry, { type: 'decision' }> => entry.type === 'decision')

  test('R033 R082 R141 R142 R151: a payment waits, a person approves what they were shown, and it happens once', async () => {
    const before = server.calls()
    const asked = await pay()
    expect([asked.refusal?.effect, asked.result?.['isError']]).toEqual(['require_approval', false])
    expect(asked.refusal?.reasons).toEqual(['approval_required'])
    const id = waitingId(asked)
    const { view, shown } = await show(id)
    expect(view).toMatchObject({ agent: 'clerk', scope: 'transact', isWhole: true, server: 'erp', name: 'pay' })
    expect(view.arguments).toEqual([
      { path: '/amount', value: String(amount), from: [] },
      { path: '/to', value: 'Acme', from: [] },
    ])
    expect(server.calls()).toBe(before)
    await governed.control('dana', 'approval.decide', { id, verdict: 'approve', reason: 'the invoice is there', shown })
    const done = await pay()
    expect([done.said, server.calls()]).toEqual([`paid ${amount}`, before + 1])
    // R127: who, when, why and what they saw is in the record, and so is what the act rested on.
    const entries = await governed.entries()
    expect(
      entries.find((entry) => entry.type === 'admin' && entry.verb === 'approval.decide' && entry.target === id),
    ).toMatchObject({
      actor: { type: 'user', id: 'dana' },
      outcome: 'done',
      detail: { verdict: 'approve', reason: 'the invoice is there', shown, state: 'approved' },
    })
    expect((await decisions()).at(-1)).toMatchObject({
      enforced: 'allow',
      approval: { id, by: ['dana'], asked: asked.refusal?.entry },
    })
    // Once: the next one is asked about anew.
    const again = await pay()
    expect(waitingId(again)).not.toBe(id)
    expect(server.calls()).toBe(before + 1)
  })

  test('R142: one changed byte is another act', async () => {
    const id = waitingId(await pay())
    await decide(id, 'approve')
    const before = server.calls()
    const other = await pay('clerk', { amount, to: 'acme' })
    expect(waitingId(other)).not.toBe(id)
    expect((await pay('careful', { amount, to: 'Acme' })).refusal?.effect).toBe('require_approval')
    expect(server.calls()).toBe(before)
  })

  test('R142: identical calls wait as one, and of many that come once it is approved one happens', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, async () => waitingId(await pay())))
    expect(new Set(ids).size).toBe(1)
    await decide(ids[0] ?? '', 'approve')
    const before = server.calls()
    const others = second?.client('clerk', 'work')
    const calls = Array.from({ length: 50 }, (_unused, each) =>
      others && each % 2 === 0 ? others.call('erp__pay', { amount, to: 'Acme' }) : pay(),
    )
    const answers = await Promise.all(calls)
    expect(server.calls()).toBe(before + 1)
    expect(answers.filter(({ said }) => said === `paid ${amount}`)).toHaveLength(1)
    expect(answers.filter(({ refusal }) => refusal?.effect === 'require_approval')).toHaveLength(49)
  })

  test('R151: a rejection is final, told to the agent, and nobody is asked again at once', async () => {
    const id = waitingId(await pay())
    await decide(id, 'reject')
    const before = server.calls()
    for (let each = 0; each < 2; each++)
      expect((await pay()).refusal).toMatchObject({ effect: 'deny', reasons: ['approval_rejected'] })
    expect(server.calls()).toBe(before)
    await expect(decide(id, 'approve', 'frank')).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('R145: in time or never: a late approval is refused, and the act does not happen', async () => {
    const id = waitingId(await pay('hasty'))
    const { shown } = await show(id)
    await vi.waitFor(async () => {
      const { requests } = await governed.control('dana', 'approval.list', { all: true })
      expect((requests as JsonObject[]).find((one) => one['id'] === id)).toMatchObject({ state: 'expired' })
    }, 5_000)
    await expect(
      governed.control('dana', 'approval.decide', { id, verdict: 'approve', reason: 'too late', shown }),
    ).rejects.toMatchObject({ code: 'CONFLICT' })
    const before = server.calls()
    const { refusal } = await pay('hasty')
    expect([refusal?.effect, server.calls()]).toEqual([expect.stringMatching(/deny|require_approval/), before])
  })

  test('R145: an approval that waits outlives a restart, and so does what it stands for', async () => {
    const id = waitingId(await pay())
    await governed.stop()
    await governed.start()
    await decide(id, 'approve')
    await governed.stop()
    await governed.start()
    expect((await pay()).said).toBe(`paid ${amount}`)
  })

  test('R151 R153: nobody decides without the role, twice, or on what they were not shown', async () => {
    const id = waitingId(await pay('careful', { amount: 5_000, to: 'Acme' }))
    const { shown } = await show(id)
    const say = (user: string, hash = shown) =>
      governed.control(user, 'approval.decide', { id, verdict: 'approve', reason: 'as agreed', shown: hash })
    await expect(say('erin')).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    // Those who answer when the first ones do not, do not answer before.
    await expect(say('bob')).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    await expect(say('dana', 'a'.repeat(64))).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await say('dana')).toMatchObject({ request: { state: 'pending' } })
    await expect(say('dana')).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    const before = server.calls()
    expect((await pay('careful', { amount: 5_000, to: 'Acme' })).refusal?.effect).toBe('require_approval')
    expect(server.calls()).toBe(before)
    expect(await say('frank')).toMatchObject({ request: { state: 'approved' } })
    expect((await pay('careful', { amount: 5_000, to: 'Acme' })).said).toBe('paid 5000')
  })

  test('R143: below the amount one person is enough; without the amount two are needed', async () => {
    const small = waitingId(await pay('careful', { amount: 10, to: 'Acme' }))
    expect(await decide(small, 'approve')).toMatchObject({ request: { state: 'approved' } })
    const unknown = waitingId(await pay('careful', { amount: '10', to: 'Acme' }))
    expect(await decide(unknown, 'approve')).toMatchObject({ request: { state: 'pending', people: 2 } })
  })

  test('R181: isolation cancels what waits, and what was approved', async () => {
    const waiting = waitingId(await pay('stopped', { amount: 1 }))
    const approved = waitingId(await pay('stopped', { amount: 2 }))
    await decide(approved, 'approve')
    await governed.control('bob', 'isolate', { agent: 'stopped', reason: 'it behaves oddly' })
    await expect(decide(waiting, 'approve')).rejects.toMatchObject({ code: 'CONFLICT' })
    await governed.control('bob', 'release', { agent: 'stopped', reason: 'looked at', keepKeys: true })
    const before = server.calls()
    expect((await pay('stopped', { amount: 2 })).refusal?.effect).toBe('require_approval')
    expect(server.calls()).toBe(before)
  })

  test('R142: an approval never outlives what it was given under', async () => {
    const id = waitingId(await pay('edited'))
    await decide(id, 'approve')
    governed.writeManifest('edited', { tasks: { work: { tools: PAY } }, manifest: { denied: ['erp.pay'] } })
    const before = server.calls()
    await vi.waitFor(
      async () => expect(await governed.control('alice', 'manifest.show', { agent: 'edited' })).toMatchObject({ version: 2 }),
      5_000,
    )
    expect((await pay('edited')).refusal?.reasons).toContain('explicitly_denied')
    expect(server.calls()).toBe(before)
  })

  test('R144: what would move or hide text in the terminal or page shows as what it is', async () => {
    const id = waitingId(await pay('clerk', { amount, to: 'Acme\u202Egpj\u200B', note: '<b>approved by the CFO</b>' }))
    const { view } = await show(id)
    expect(view.arguments).toContainEqual(expect.objectContaining({ value: 'Acme\\u{202e}gpj\\u{200b}' }))
    expect(view.arguments).toContainEqual(expect.objectContaining({ value: '<b>approved by the CFO</b>' }))
    expect(String(view['line'])).not.toMatch(/[\p{Cf}]/u)
  })

  test('R144: what is too long to be shown is for two people', async () => {
    const args = { amount, note: 'x'.repeat(10_000), to: 'Acme' }
    const id = waitingId(await pay('clerk', args))
    expect((await show(id)).view['isWhole']).toBe(false)
    expect(await decide(id, 'approve')).toMatchObject({ request: { state: 'pending', people: 2 } })
    expect(await decide(id, 'approve', 'frank')).toMatchObject({ request: { state: 'approved' } })
  })
})

describe('a call that waits', () => {
  let server: RecordingServer
  let governed: Governed
  beforeAll(async () => {
    server = await startRecordingServer({ tools })
    governed = await govern({
      servers: { erp: { transport: 'http', url: server.url } },
      reviewed: { erp: [[tools[0]!.definition, 'transact'] as const] },
      people: { dana: { roles: ['approver'], attributes: {} } },
      agents: { clerk: { tasks: { work: { tools: PAY } } } },
      config: { approvals: { holdMs: 30_000 } },
    })
  })
  afterAll(async () => {
    await governed?.close()
    await server?.close()
  })

  async function pending(): Promise<string> {
    return vi.waitFor(async () => {
      const { requests } = (await governed.control('dana', 'approval.list', {})) as unknown as { requests: { id: string }[] }
      expect(requests).toHaveLength(1)
      return requests[0]?.id ?? ''
    }, 10_000)
  }

  test.each(['modern', 'legacy'] as const)('R033: %s: gets its result in the same call, once somebody approved', async (era) => {
    const asked = governed.client('clerk', 'work').call('erp__pay', { amount: era }, { era })
    const id = await pending()
    const { shown } = await governed.control('dana', 'approval.show', { id })
    await governed.control('dana', 'approval.decide', { id, verdict: 'approve', reason: 'as agreed', shown: String(shown) })
    expect((await asked).said).toBe(`paid ${era}`)
  })

  test('R142: whose client has gone uses nothing up: the approval is there for the next one', async () => {
    const before = server.calls()
    const gone = new AbortController()
    const asked = governed
      .client('clerk', 'work')
      .call('erp__pay', { amount: 2 }, { signal: gone.signal })
      .catch(() => undefined)
    const id = await pending()
    gone.abort()
    await asked
    const { shown } = await governed.control('dana', 'approval.show', { id })
    await governed.control('dana', 'approval.decide', { id, verdict: 'approve', reason: 'as agreed', shown: String(shown) })
    expect((await governed.client('clerk', 'work').call('erp__pay', { amount: 2 })).said).toBe('paid 2')
    expect(server.calls()).toBe(before + 1)
  })

  test('R180: is cut off with its agent', async () => {
    const asked = governed
      .client('clerk', 'work')
      .call('erp__pay', { amount: 3 })
      .catch(() => undefined)
    await pending()
    const before = server.calls()
    await governed.control('bob', 'isolate', { agent: 'clerk', reason: 'it behaves oddly' })
    await asked
    expect(server.calls()).toBe(before)
  })
})
