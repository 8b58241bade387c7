import type { JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { agentClient, type AgentClient } from '../fixtures/agent-client.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { createDatabase } from '../fixtures/postgres.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import { type Replica, replicate } from '../fixtures/replicate.ts'
import { startTransitServer, type TransitServer } from '../keys/vault-transit/fixtures/transit-server.ts'

const postgresUrl = inject('postgresUrl')
const stores = [['one gateway', false] as const, ...(postgresUrl === '' ? [] : [['two gateways', true] as const])]
const SHOP = 'orders@shop.example'
const OTHER = 'sales@other.example'
const tools = [tool('read', () => text(`Write to ${SHOP} or to ${OTHER}.`)), tool('send', () => text('sent'))]

describe.each(stores)('a session that begins anew, %s', (_, isShared) => {
  let server: RecordingServer
  let transit: TransitServer
  let governed: Governed
  let second: Replica | undefined

  beforeAll(async () => {
    server = await startRecordingServer({ tools })
    transit = await startTransitServer()
    await transit.createKey('sallyport')
    const keys = { source: 'vault-transit', url: transit.url, key: 'sallyport', token: transit.token }
    governed = await govern({
      servers: {
        web: { transport: 'http', url: server.url, source: { channel: 'web', classes: ['pii'] } },
        crm: { transport: 'http', url: server.url },
      },
      reviewed: { web: [[tools[0]!.definition, 'read'] as const], crm: [[tools[1]!.definition, 'write'] as const] },
      agents: {
        clerk: {
          tasks: {
            work: {
              tools: { ...reads('web.read'), 'crm.send': { scope: 'write', tier: 'low', classes: ['pii'] } },
            },
          },
        },
      },
      ...(isShared && { database: await createDatabase(postgresUrl), config: { vault: { keys } } }),
    })
    if (isShared) second = await replicate(governed)
  })
  afterAll(async () => {
    await second?.close()
    await governed?.close()
    await transit?.close()
    await server?.close()
  })

  /** A session of bob's, and the agent in it, at either gateway. */
  async function sessionOf(user: string) {
    const { token, session } = await governed.control(user, 'session.create', { agent: 'clerk', task: 'work' })
    const here = agentClient(governed.url(), 'clerk', String(token))
    const there = second ? agentClient(second.url, 'clerk', String(token)) : here
    return { session: String(session), here, there }
  }
  const send = async (client: AgentClient, to: string): Promise<readonly string[]> => {
    const answer = await client.call('crm__send', { to, text: 'Hello.' })
    expect(answer.error, answer.text).toBeUndefined()
    return answer.refusal?.reasons ?? []
  }
  const confirm = (user: string, session: string, words: string): Promise<JsonObject> =>
    governed.control(user, 'session.confirm', { agent: 'clerk', session, text: words, reason: 'looked through it' })

  test('R064: what its user confirms resets its taint, at every gateway; what was read before endorses and taints nothing', async () => {
    const { session, here, there } = await sessionOf('bob')
    await here.call('web__read')
    expect(await send(there, SHOP)).toEqual(['tainted_act'])
    const said = await confirm('bob', session, `An order from ${SHOP}.`)
    expect(said).toMatchObject({ integrity: 'web', classes: ['pii'] })
    expect(await send(there, SHOP)).toEqual([])
    expect(await send(here, 'somebody@new.example')).toEqual([])
    const last = (await governed.entries()).findLast((entry) => entry.type === 'admin' && entry.verb === 'session.confirm')
    expect(last).toMatchObject({ actor: { id: 'bob' }, target: session, detail: { integrity: 'web', agent: 'clerk' } })
    // No word of it is in the record.
    expect(JSON.stringify(last)).not.toContain(SHOP)

    await there.call('web__read')
    expect(await send(here, OTHER)).toEqual(['tainted_act'])
    expect(await send(here, SHOP)).toEqual([])
  })

  test('R064: only the person a session is for does that, and of sessions for nobody whoever answers for them', async () => {
    const { session, here } = await sessionOf('bob')
    await here.call('web__read')
    for (const user of ['alice', 'erin'])
      await expect(confirm(user, session, `To ${SHOP}.`)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    await expect(confirm('bob', 'no-such-session', 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await send(here, SHOP)).toEqual(['tainted_act'])

    const machine = governed.client('clerk', 'work')
    await machine.call('web__read')
    const decision = (await governed.entries()).findLast((entry) => entry.type === 'decision')
    const own = decision?.type === 'decision' ? decision.session : ''
    await expect(confirm('erin', own, `To ${SHOP}.`)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    await confirm('bob', own, `To ${SHOP}.`)
    expect(await send(machine, SHOP)).toEqual([])
  })

  test('R285: classes of data stay with the session', async () => {
    const { session, here } = await sessionOf('bob')
    await here.call('web__read')
    await confirm('bob', session, 'An order.')
    expect(await confirm('bob', session, 'Still an order.')).toMatchObject({ integrity: 'user', classes: ['pii'] })
  })
})
