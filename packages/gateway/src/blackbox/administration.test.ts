import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../fixtures/agent-client.ts'
import { expectRefused, expectRejected } from '../fixtures/expect-refused.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'

const aborted: string[] = []
const tools = [
  tool('find', () => text('found')),
  tool('slow', ({ response, args }) => {
    response.once('close', () => aborted.push(String(args['id'])))
    return undefined
  }),
]
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const tasks = { work: { tools: reads('erp.find', 'erp.slow') } }
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: { clerk: { tasks }, rival: { tasks } },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const clerk = () => governed.client('clerk', 'work')

describe('an agent and the control plane', () => {
  test.each([
    '/admin',
    '/v1/call',
    '/api/manifests',
    '/a/clerk/manifest',
    '/a/clerk/keys',
    '/a/clerk/mcp/admin',
    '/control',
    '/metrics',
    '/a/clerk',
    '/a/CLERK/mcp',
    '/a/../control.sock',
  ])('R045 R134: there is nothing at %s for an agent’s credential', async (path) => {
    const size = (await governed.entries()).length
    const body = JSON.stringify({ verb: 'manifest.sign', input: {}, user: 'alice' })
    const answer = await send(`${governed.url()}${path}`, {
      headers: { authorization: clerk().authorization, 'content-type': 'application/json' },
      body,
    })
    expect(answer.status).toBe(404)
    expect(answer.text).toContain('REQUEST_PATH')
    const added = (await governed.entries()).slice(size)
    expect(added).toEqual([expect.objectContaining({ type: 'refusal', code: 'REQUEST_PATH' })])
  })

  test('R045: the control socket takes a person’s signature and nothing else', async () => {
    const before = await governed.control('bob', 'agent.list', {})
    const bodies = [
      { verb: 'agent.create', input: { agent: 'mine' }, user: 'clerk' },
      {
        verb: 'tools.approve',
        input: {},
        user: 'alice',
        atMs: Date.now(),
        nonce: 'n'.repeat(16),
        signature: Buffer.alloc(64).toString('base64'),
      },
      { firstOwner: { user: 'mallory', roles: ['owner'], attributes: {}, publicKey: Buffer.alloc(32).toString('base64') } },
    ]
    for (const body of bodies) {
      const answer = await overSocket(JSON.stringify(body), clerk().authorization)
      expect(answer).toMatchObject({
        ok: false,
        code: expect.stringMatching(/^(REQUEST_INVALID|IDENTITY_INVALID|IDENTITY_FORBIDDEN)$/) as unknown,
      })
    }
    expect(await governed.control('bob', 'agent.list', {})).toEqual(before)
  })

  test('R045: methods of the protocol that would administer are unknown', async () => {
    for (const method of ['manifest/sign', 'tools/approve', 'admin/isolate', 'agents/create', 'audit/tail']) {
      await expectRejected(governed, server, {
        call: () => clerk().rpc(method, { agent: 'clerk' }),
        code: 'REQUEST_METHOD',
        status: 404,
      })
    }
  })

  test('R134: who reads the log is in the log; an engineer may not, and that is too', async () => {
    const { size } = await governed.control('bob', 'audit.tail', { limit: 5 })
    const [read] = (await governed.entries()).slice(-1)
    expect(read).toMatchObject({ type: 'admin', verb: 'audit.tail', actor: { type: 'user', id: 'bob' }, outcome: 'done' })
    expect(Number(size)).toBe(read?.index)
    for (const [verb, input] of [
      ['audit.tail', {}],
      ['audit.read', { index: 0 }],
      ['audit.verify', {}],
      ['audit.prove', { index: 0 }],
    ] as const) {
      await expect(governed.control('erin', verb, input)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
      expect((await governed.entries()).at(-1)).toMatchObject({
        type: 'admin',
        verb,
        actor: { id: 'erin' },
        outcome: 'refused',
        code: 'IDENTITY_FORBIDDEN',
      })
    }
  })

  function overSocket(body: string, authorization: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sent = request(
        { socketPath: governed.home.controlSocket, path: '/v1/call', method: 'POST', headers: { authorization } },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.once('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8'))))
        },
      )
      sent.once('error', reject)
      sent.end(body)
    })
  }
})

describe('isolation', () => {
  test('R178: one act denies the next call, cuts calls and streams under way, and is in the record; others go on', async () => {
    const during = [clerk().call('erp__slow', { id: 'cut' }), clerk().call('erp__slow', { id: 'cut-legacy' }, { era: 'legacy' })]
    let heard = ''
    const streams = [
      clerk().rpc('subscriptions/listen', { notifications: { toolsListChanged: true } }, { onText: (words) => (heard = words) }),
      send(clerk().url, { method: 'GET', headers: { authorization: clerk().authorization, accept: 'text/event-stream' } }),
    ].map((stream) =>
      stream.then(
        () => 'ended',
        () => 'cut',
      ),
    )
    await expect.poll(() => [server.calls('slow'), heard.includes('acknowledged')], { timeout: 5_000 }).toEqual([2, true])
    await expect.poll(async () => ((await governed.control('bob', 'status', {}))['running'] as { streams: number }).streams).toBe(2)

    await governed.control('bob', 'isolate', { agent: 'clerk', reason: 'looks hijacked' })
    for (const answer of await Promise.all(during))
      expect(answer).toMatchObject({ status: 403, error: { data: { reasons: ['agent_isolated'] } } })
    expect(await Promise.all(streams)).toEqual(['cut', 'cut'])
    await expect.poll(() => aborted.toSorted(), { timeout: 5_000 }).toEqual(['cut', 'cut-legacy'])
    expect((await governed.entries()).filter((entry) => entry.type === 'outcome' && entry.status === 'cancelled')).toHaveLength(2)
    expect((await governed.entries()).findLast((entry) => entry.type === 'admin' && entry.verb === 'isolate')).toMatchObject({
      actor: { id: 'bob' },
      target: 'clerk',
      outcome: 'done',
    })

    for (const era of ['modern', 'legacy'] as const) {
      const { answer } = await expectRefused(governed, server, {
        call: () => clerk().call('erp__find', {}, { era }),
        reason: 'agent_isolated',
      })
      expect(answer.status).toBe(403)
      await expectRefused(governed, server, { call: () => clerk().rpc('tools/list', {}, { era }), reason: 'agent_isolated' })
    }
    expect((await clerk().rpc('ping', {}, { era: 'legacy' })).status).toBe(403)
    expect(
      (await send(clerk().url, { method: 'GET', headers: { authorization: clerk().authorization, accept: 'text/event-stream' } }))
        .status,
    ).toBe(403)
    expect((await governed.client('rival', 'work').call('erp__find')).said).toBe('found')
  })

  test('R178: who may not isolate cannot; a release leaves old keys dead and a new one works', async () => {
    await expect(governed.control('erin', 'release', { agent: 'clerk', reason: 'please' })).rejects.toMatchObject({
      code: 'IDENTITY_FORBIDDEN',
    })
    await governed.control('bob', 'release', { agent: 'clerk', reason: 'false alarm' })
    await expectRejected(governed, server, { call: () => clerk().call('erp__find'), code: 'IDENTITY_INVALID', status: 401 })
    const { key } = await governed.control('alice', 'agent.rotate', { agent: 'clerk', task: 'work' })
    const headers = { authorization: `Bearer ${(key as { secret: string }).secret}` }
    expect((await clerk().call('erp__find', {}, { headers })).said).toBe('found')
  })

  test('R178: a restart does not end an isolation', async () => {
    await governed.control('bob', 'isolate', { agent: 'rival', reason: 'to see' })
    await governed.stop()
    await governed.start()
    await expectRefused(governed, server, {
      call: () => governed.client('rival', 'work').call('erp__find'),
      reason: 'agent_isolated',
    })
  })
})
