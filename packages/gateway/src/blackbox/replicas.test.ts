import type { KeyObject } from 'node:crypto'
import type { JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { callOffline } from '../compose/offline.ts'
import { callControl, signRequest } from '../control/index.ts'
import { signEd25519 } from '../ed25519.ts'
import { type Answer, send } from '../fixtures/agent-client.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { createDatabase, type TestDatabase, withClient } from '../fixtures/postgres.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import { copyHome, type Replica, replicate } from '../fixtures/replicate.ts'
import { startTcpProxy, type TcpProxy } from '../fixtures/tcp-proxy.ts'
import { signableBytes } from '../manifests/index.ts'
import { STATE_LEASE_MS } from '../state-follow.ts'

const postgresUrl = inject('postgresUrl')
const FIND = tool('find', () => text('found'))
const SLOW = tool('slow', () => undefined)
const ADD = tool('add', () => text('added'))
const TOOLS = [FIND, SLOW, ADD]
/** The lease, and what a busy machine adds to it; the sharp figure is the evaluation's. */
const BOUND_MS = STATE_LEASE_MS + 4_000

describe.skipIf(postgresUrl === '')('gateways over one database', () => {
  let database: TestDatabase
  let server: RecordingServer
  let governed: Governed
  let other: Replica
  /** A third one, whose way to the database can be blocked. */
  let far: Replica
  let proxy: TcpProxy

  beforeAll(async () => {
    database = await createDatabase(postgresUrl)
    server = await startRecordingServer({ tools: TOOLS })
    const tasks = { work: { tools: reads('erp.find', 'erp.slow') } }
    const add = { 'erp.add': { scope: 'write', tier: 'medium', rationale: 'needed' } }
    const limited = { 'erp.find': { scope: 'read', tier: 'low', rateLimit: { callsMax: 5, windowMs: 600_000 } } }
    governed = await govern({
      servers: { erp: { transport: 'http', url: server.url } },
      reviewed: { erp: TOOLS.map(({ definition }) => [definition, definition.name === 'add' ? 'write' : 'read'] as const) },
      agents: {
        clerk: { tasks, keys: { work: 'work', spare: 'work', exchange: null } },
        rival: { tasks },
        writer: { tasks: { work: { tools: add } }, signedBy: ['bob'] },
        limited: { tasks: { work: { tools: limited } } },
        cut: { tasks },
        third: { tasks },
      },
      database,
    })
    other = await replicate(governed)
    proxy = await startTcpProxy(database.gatewayUrl)
    const { hostname, port } = new URL(proxy.url)
    const through = (url: string) => Object.assign(new URL(url), { hostname, port }).href
    const store = {
      type: 'postgres',
      url: through(database.gatewayUrl),
      auditorUrl: through(database.auditorUrl),
      statementMs: 2_000,
    }
    // Asks for the definition of a tool before every call: a place where calls wait.
    far = await replicate(governed, { store, servers: { erp: { transport: 'http', url: server.url, pinRecheckMs: 0 } } })
  })
  afterAll(async () => {
    proxy?.release()
    await far?.close()
    await proxy?.close()
    await other?.close()
    await governed?.close()
    await server?.close()
  })

  test('R293: an agent is served by either, and both write one log', async () => {
    for (const client of [governed.client('rival', 'work'), other.client('rival', 'work')])
      expect((await answered(() => client.call('erp__find'))).said).toBe('found')
    const acts = (await governed.entries()).filter((entry) => entry.type === 'decision' || entry.type === 'outcome')
    expect(acts.map(({ type }) => type).sort()).toEqual(['decision', 'decision', 'outcome', 'outcome'])
    expect(new Set(acts.map((entry) => 'replica' in entry && entry.replica)).size).toBe(2)
    const verified = await governed.control('bob', 'audit.verify', {})
    expect(verified).toMatchObject({ ok: true })
  })

  test('R020 R293: a budget is one budget, however many gateways a burst goes through', async () => {
    const before = server.calls('find')
    const clients = [governed.client('limited', 'work'), other.client('limited', 'work')]
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => answered(() => clients[i % 2]?.call('erp__find') as Promise<Answer>)),
    )
    expect(answers.filter((answer) => answer.said === 'found')).toHaveLength(5)
    expect(server.calls('find') - before).toBe(5)
    const refused = answers.filter((answer) => answer.refusal?.reasons.includes('rate_limited'))
    expect(refused).toHaveLength(15)
  })

  test('R293: acts that wait for a budget keep no gateway from saying that it is there', async () => {
    const client = governed.client('limited', 'work')
    await withClient(database.ownerUrl, async (owner) => {
      await owner.query('BEGIN; SELECT FROM sallyport.budget FOR UPDATE')
      let isOver = false
      const load = Array.from({ length: 40 }, async () => {
        while (!isOver) await client.call('erp__find').catch(() => undefined)
      })
      const waiting = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%take_calls%'"
      await until(async () => Number((await withClient(database.ownerUrl, (one) => one.query(waiting))).rows[0]?.n) >= 10)
      const heard = 'SELECT bool_and(seen_at > $1) AS all FROM sallyport.replica WHERE NOT dead'
      const { rows } = await owner.query("SELECT clock_timestamp() + interval '1.5 seconds' AS at")
      try {
        await vi.waitFor(async () => expect((await owner.query(heard, [rows[0]?.at])).rows).toEqual([{ all: true }]), {
          timeout: 20_000,
          interval: 50,
        })
      } finally {
        await owner.query('ROLLBACK')
        isOver = true
        await Promise.all(load)
      }
    })
  })

  test('R022: a key revoked at one is dead at the other', async () => {
    const spare = other.client('clerk', 'spare')
    expect((await answered(() => spare.call('erp__find'))).said).toBe('found')
    await governed.control('bob', 'agent.revoke', { agent: 'clerk', key: governed.keyId('clerk', 'spare') })
    await until(async () => (await answered(() => spare.call('erp__find'))).status === 401)
    expect((await answered(() => other.client('clerk', 'work').call('erp__find'))).said).toBe('found')
  })

  test('R178 R179 R180 R182: isolation at one denies at the other, and cuts what runs there', async () => {
    const client = other.client('cut', 'work')
    expect((await answered(() => client.call('erp__find'))).said).toBe('found')
    const slow = client.call('erp__slow').catch(() => 'cut')
    const stream = client.rpc('subscriptions/listen', { notifications: { toolsListChanged: true } }).catch(() => 'cut')
    await until(async () => (await other.control('bob', 'status', {}))['running'] !== undefined && server.calls('slow') > 0)
    const atMs = performance.now()
    await governed.control('bob', 'isolate', { agent: 'cut', reason: 'looks hijacked' })
    expect(await slow).toSatisfy((answer: unknown) => answer === 'cut' || (answer as { status: number }).status === 403)
    await stream
    expect(performance.now() - atMs).toBeLessThan(BOUND_MS)
    const reached = server.calls('find')
    expect((await answered(() => client.call('erp__find'))).status).toBeOneOf([401, 403])
    expect(server.calls('find')).toBe(reached)
    expect((await answered(() => other.client('rival', 'work').call('erp__find'))).said).toBe('found')
  })

  test('R043 R185: a manifest signed at one is in force at the other, and signed once', async () => {
    const client = other.client('writer', 'work')
    expect((await answered(() => client.call('erp__add'))).refusal).toBeDefined()
    const { version, hash } = (await governed.control('alice', 'manifest.show', { agent: 'writer' })) as {
      version: number
      hash: string
    }
    const signable = { agent: 'writer', version, hash, role: 'engineer', reason: 'looked at it' }
    const key = governed.people['alice'] as KeyObject
    const signature = Buffer.from(signEd25519(signableBytes({ ...signable, user: 'alice' }), key)).toString('base64')
    const sign = (gateway: Pick<Replica, 'control'>) => gateway.control('alice', 'manifest.sign', { ...signable, signature })
    const results = await Promise.allSettled([sign(governed), sign(other)])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'CONFLICT' } })
    await until(async () => (await client.call('erp__add')).said === 'added')
    expect((await answered(() => governed.client('writer', 'work').call('erp__add'))).said).toBe('added')
  })

  test('R045: what was sent to one gateway cannot be sent to another', async () => {
    const request = signRequest({ verb: 'status', input: {}, user: 'bob' }, governed.people['bob'] as KeyObject, Date.now())
    expect(await callControl(governed.home.controlSocket, request)).toMatchObject({ ok: true })
    expect(await callControl(other.home.controlSocket, request)).toMatchObject({ ok: false, code: 'IDENTITY_INVALID' })
  })

  test('R178 R293: a command where no gateway runs acts on the database beside them', async () => {
    const home = copyHome(governed)
    const key = governed.people['bob'] as KeyObject
    const ask = (verb: string, input: JsonObject) =>
      callOffline({ homeDir: home.dir, nowMs: Date.now }, () => signRequest({ verb, input, user: 'bob' }, key, Date.now()))
    expect(await ask('isolate', { agent: 'third', reason: 'looks hijacked' })).toMatchObject({ ok: true })
    await until(async () => (await other.client('third', 'work').call('erp__find')).status !== 200)
    const isolations = (await governed.entries()).filter((entry) => entry.type === 'admin' && entry.verb === 'isolate')
    expect(isolations.map((entry) => 'target' in entry && entry.target)).toContain('third')
  })

  test('R183: what a call waited for too long to know is not acted on', async () => {
    const before = server.calls('find')
    const gate = Promise.withResolvers<void>()
    server.listGate = gate.promise
    const lists = () => server.requests.filter(({ method }) => method === 'tools/list').length
    const asked = lists()
    const call = far.client('rival', 'work').call('erp__find')
    await until(async () => lists() > asked)
    proxy.hold()
    await until(async () => (await send(`${far.url}/readyz`, { method: 'GET' })).status === 503)
    server.listGate = undefined
    gate.resolve()
    expect((await call).text).toContain('STORE_STALE')
    expect(server.calls('find')).toBe(before)
    proxy.release()
    await until(async () => (await far.client('rival', 'work').call('erp__find')).said === 'found')
  })

  test('R013 R181 R183: without its database a gateway does nothing, and says so without saying where that is', async () => {
    const client = far.client('rival', 'work')
    expect((await answered(() => client.call('erp__find'))).said).toBe('found')
    const stream = client.rpc('subscriptions/listen', { notifications: { toolsListChanged: true } }).catch(() => 'cut')
    await until(async () => ((await far.control('bob', 'status', {}))['running'] as { streams: number }).streams > 0)
    proxy.hold()
    expect(await stream).toBe('cut')
    const before = server.calls()
    const answers = await Promise.all([
      client.call('erp__find'),
      client.list().catch(() => undefined),
      client.rpc('ping', {}, { era: 'legacy' }),
      send(`${far.url}/oauth/token`, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'grant_type=x' }),
      send(`${far.url}/readyz`, { method: 'GET' }),
    ])
    for (const answer of answers.filter((one) => one !== undefined && 'status' in one)) {
      expect(answer).toMatchObject({ status: 503 })
      expect((answer as { text: string }).text).not.toMatch(/postgres|127\.0\.0\.1|sallyport\.|SELECT|test_gateway/)
    }
    expect((answers[0] as { text: string }).text).toContain('STORE_STALE')
    expect(server.calls()).toBe(before)
    expect((await answered(() => other.client('rival', 'work').call('erp__find'))).said).toBe('found')
    proxy.release()
    await until(async () => (await client.call('erp__find')).said === 'found')
  })
})

/** Asks again while a busy machine is the reason for a refusal: a stale state is refused whatever else is true. */
async function answered(ask: () => Promise<Answer>): Promise<Answer> {
  const deadlineMs = Date.now() + 30_000
  for (;;) {
    const answer = await ask()
    if (answer.status !== 503 || Date.now() > deadlineMs) return answer
  }
}

/** Asks until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await isSo()).toBe(true), { timeout: 30_000, interval: 20 })
}
