import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyBundle, type BundleManifest, type Entry, type JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import { auditKeyOf } from '../log-inspector.ts'
import { readZip } from '../zip.ts'

const inputSchema = { type: 'object', properties: { n: { type: 'integer' } } }
const tools = [
  tool('find', () => text('found'), { inputSchema }),
  tool('fail', () => ({ ...text('no'), isError: true })),
  tool('slow', () => undefined),
  tool('chart', () => text('stable'), { inputSchema: { type: 'object', properties: { patient: { type: 'string' } } } }),
]
const CHART = { 'erp.chart': { scope: 'read', tier: 'low', subject: 'patient', classes: ['phi'] } }
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  governed = await govern({
    servers: {
      erp: { transport: 'http', url: server.url, headers: { 'x-api-key': 'planted-credential' }, timeoutsMs: { slow: 200 } },
    },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      clerk: { tasks: { work: { tools: reads('erp.find', 'erp.fail', 'erp.slow') } } },
      nurse: { manifest: { retention: { class: 'phi' } }, tasks: { care: { tools: CHART } } },
      coder: { manifest: { retention: { class: 'phi' } }, tasks: { bill: { tools: CHART } } },
    },
    config: { completeness: { checkMs: 100 } },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const clerk = () => governed.client('clerk', 'work')
const ask = (verb: string, input: object, user = 'bob') => governed.control(user, `audit.${verb}`, input as JsonObject)
const search = async (query: object) =>
  (await ask('search', { query, purpose: 'a test' })) as unknown as {
    entries: Entry[]
    counts: Record<string, number>
    from: number
    to: number
    next?: number
  }

async function sessionOf(user: string) {
  const { token, session } = await governed.control(user, 'session.create', { agent: 'clerk', task: 'work' })
  const headers = { authorization: `Bearer ${String(token)}`, traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }
  return { id: String(session), call: (name: string, args = {}) => clerk().call(`erp__${name}`, args, { headers }) }
}

describe('queries', () => {
  test('R120 R121 R131 R136 R246 R268: a session, a trace, a user give the full ordered story, and nothing of another', async () => {
    const [one, other] = [await sessionOf('alice'), await sessionOf('bob')]
    for (const name of ['find', 'absent', 'fail', 'slow']) await one.call(name)
    await other.call('find', { n: 7 })
    const story = await search({ session: one.id })
    expect(story.entries.map(({ type }) => type)).toEqual([
      'admin',
      'decision',
      'outcome',
      'decision',
      'decision',
      'outcome',
      'decision',
      'outcome',
    ])
    expect(story.counts).toEqual({ decision: 4, outcome: 3, unknown: 0, refusal: 0, admin: 1, evaluation: 0 })
    expect(story.entries.map(({ index }) => index)).toEqual(story.entries.map(({ index }) => index).toSorted((a, b) => a - b))
    expect((await search({ correlation: TRACE })).counts).toMatchObject({ decision: 5, outcome: 4 })
    expect((await search({ user: 'bob', type: 'decision' })).entries).toMatchObject([{ session: other.id, actor: { id: 'clerk' } }])
    const [call] = (await search({ session: other.id, type: 'decision' })).entries
    const digest = call?.type === 'decision' ? call.action.digest : ''
    expect((await search({ digest })).counts).toMatchObject({ decision: 1, outcome: 1 })
    const everything = await governed.entries()
    expect((await search({ agent: 'clerk', type: 'decision' })).counts['decision']).toBe(
      everything.filter(({ type }) => type === 'decision').length,
    )
  })

  test('R135: what was just done is found; long answers say where to go on', async () => {
    const session = await sessionOf('alice')
    await session.call('find')
    const query = { session: session.id }
    const page = (await ask('search', { query, limit: 1, purpose: 'a test' })) as unknown as {
      entries: Entry[]
      next: number
      counts: Record<string, number>
    }
    expect(page.counts).toMatchObject({ decision: 1, outcome: 1, admin: 1 })
    expect(page.entries).toHaveLength(1)
    expect((await search({ ...query, from: page.next })).entries.map(({ type }) => type)).toEqual(['decision', 'outcome'])
  })
})

test('R138 R246: all accesses to one patient’s data, by whom via which agent, are found exactly, and the log does not name the patient', async () => {
  const as = async (user: string | undefined, agent: string, task: string, patient: string) => {
    const token = user && (await governed.control(user, 'session.create', { agent, task }))['token']
    const headers = token === undefined ? {} : { headers: { authorization: `Bearer ${String(token)}` } }
    return governed.client(agent, task).call('erp__chart', { patient }, headers)
  }
  await as('alice', 'nurse', 'care', 'patient-erika-4711')
  await as('bob', 'nurse', 'care', 'patient-max-4712')
  await as('bob', 'coder', 'bill', 'patient-erika-4711')
  await as(undefined, 'coder', 'bill', 'patient-erika-4711')
  const { entries, counts } = await search({ person: 'patient-erika-4711', type: 'decision' })
  expect(counts).toMatchObject({ decision: 3 })
  expect(
    entries.map(
      (entry) =>
        entry.type === 'decision' && [
          entry.actor.id,
          entry.onBehalfOf === 'system' ? 'system' : entry.onBehalfOf.user,
          entry.classes,
        ],
    ),
  ).toEqual([
    ['nurse', 'alice', ['phi']],
    ['coder', 'bob', ['phi']],
    ['coder', 'system', ['phi']],
  ])
  expect((await search({ person: 'patient-erika-4711' })).counts).toMatchObject({ decision: 3, outcome: 3 })
  expect((await search({ class: 'phi', type: 'decision' })).counts['decision']).toBe(4)
  expect(governed.logBytes().includes('patient-erika')).toBe(false)
})

describe('R134: who may read, and what is kept of it', () => {
  const verbs: [string, object][] = [
    ['tail', {}],
    ['read', { index: 0 }],
    ['verify', {}],
    ['prove', { index: 0 }],
    ['search', { query: {}, purpose: 'curiosity' }],
    ['completeness', {}],
    ['config', { time: '2026-01-01T00:00:00.000Z' }],
    ['export', { dir: '/nowhere/x', purpose: 'curiosity' }],
    ['bundle', { file: '/nowhere/x.zip', items: [{ id: 'a' }], purpose: 'curiosity' }],
  ]
  test.each(verbs)('an engineer may not audit.%s, and the try is recorded', async (verb, input) => {
    await expect(ask(verb, input, 'erin')).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    expect((await governed.entries()).at(-1)).toMatchObject({
      type: 'admin',
      actor: { type: 'user', id: 'erin' },
      verb: `audit.${verb}`,
      outcome: 'refused',
      code: 'IDENTITY_FORBIDDEN',
    })
  })

  test('an agent has no way to the log: no tool, no path, and its key is none at the control plane', async () => {
    expect((await clerk().rpc('tools/list', {})).text).not.toContain('audit')
    expect((await clerk().rpc('audit/search', {})).error).toBeDefined()
    const { send } = await import('../fixtures/agent-client.ts')
    for (const path of ['/audit', '/log/checkpoint', '/v1/call'])
      expect(
        (await send(`${governed.url()}${path}`, { headers: { authorization: `Bearer ${governed.secret('clerk', 'work')}` } }))
          .status,
      ).toBe(404)
  })

  test('each read is an entry: who, what range, which question, why, how much', async () => {
    await ask('search', { query: { agent: 'clerk', from: 2 }, purpose: 'quarterly review' })
    expect((await governed.entries()).at(-1)).toMatchObject({
      actor: { type: 'user', id: 'bob' },
      verb: 'audit.search',
      outcome: 'done',
      detail: { purpose: 'quarterly review', filters: ['agent=clerk', 'from=2'], from: 2, matches: expect.any(Number) as unknown },
    })
    await ask('tail', { limit: 2 })
    expect((await governed.entries()).at(-1)).toMatchObject({ verb: 'audit.tail', detail: { purpose: 'none given' } })
    for (const [verb, input] of [
      ['search', { query: {} }],
      ['bundle', { file: '/x', items: [{ id: 'a' }] }],
      ['export', { dir: '/x' }],
    ] as const)
      await expect(ask(verb, input)).rejects.toMatchObject({ code: 'REQUEST_PARAMS' })
  })

  test('a question about a person the log knows nothing of is refused, not answered with nothing', async () => {
    await expect(ask('search', { query: { person: 'nobody' }, purpose: 'a test' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('R022: an isolation does not wait for those who read', async () => {
    const reading = Promise.all(Array.from({ length: 20 }, () => ask('verify', {})))
    await governed.control('bob', 'isolate', { agent: 'clerk', reason: 'a test' })
    await governed.control('bob', 'release', { agent: 'clerk', reason: 'a test', keepKeys: true })
    await reading
    const verbs = (await governed.entries()).filter((entry) => entry.type === 'admin').map(({ verb }) => verb)
    expect(verbs.lastIndexOf('isolate')).toBeLessThan(verbs.lastIndexOf('audit.verify'))
  })
})

describe('R115: completeness', () => {
  test('R035 R115 R123: N driven calls are N records with input, decision, action and outcome, and there is no gap', async () => {
    const session = await sessionOf('alice')
    const from = (await governed.entries()).length
    const names = ['find', 'absent', 'fail', 'find', 'slow', 'find']
    await Promise.all(names.map((name) => session.call(name)))
    const { report } = (await ask('completeness', { window: { from } })) as unknown as {
      report: { agents: object; gapCount: number; isBalanced: boolean }
    }
    expect(report).toMatchObject({
      isBalanced: true,
      isTimeJudged: true,
      gapCount: 0,
      agents: {
        clerk: { decisions: { allow: 5, deny: 1 }, outcomes: { success: 3, tool_error: 1, failure: 1 }, unknown: 0, open: 0 },
      },
    })
    const records = (await search({ session: session.id, from })).entries
    const decisions = records.filter((entry) => entry.type === 'decision')
    expect(decisions).toHaveLength(names.length)
    for (const decision of decisions) {
      expect(decision).toMatchObject({
        input: { commitment: expect.any(String) as unknown },
        reasons: expect.any(Array) as unknown,
        action: { name: expect.any(String) as unknown },
        versions: { manifest: expect.any(String) as unknown },
      })
      const outcomes = records.filter((entry) => entry.type === 'outcome' && entry.decision === decision.index)
      expect(outcomes).toHaveLength(decision.enforced === 'allow' ? 1 : 0)
    }
  })

  test('R286: a stop and a start are told, as time in which nothing could pass; a gap is written down once', async () => {
    await governed.stop()
    await governed.start()
    const { report } = (await ask('completeness', {})) as unknown as { report: { gaps: { kind: string }[]; isBalanced: boolean } }
    expect(report.isBalanced).toBe(true)
    expect(report.gaps.map(({ kind }) => kind).filter((kind) => kind !== 'down')).toEqual([])
    expect(report.gaps.some(({ kind }) => kind === 'down')).toBe(true)
    expect((await governed.entries()).some((entry) => entry.type === 'admin' && entry.verb === 'log.gap')).toBe(false)
  })
})

describe('R185 R286: what was in force', () => {
  test('a past moment is told by hash, the configuration lies under its hash and holds no secret', async () => {
    const before = (await governed.entries()).at(-1)?.time ?? ''
    const then = (await ask('config', { time: before })) as unknown as {
      hash: string
      state: { gateway: { config: string }; manifests: object }
    }
    expect(then.state).toMatchObject({
      gateway: { isRunning: true, version: '0.1.0' },
      manifests: { clerk: { version: 1, signed: true } },
    })
    governed.writeConfig({ completeness: { checkMs: 200 } })
    await vi.waitFor(
      async () =>
        expect((await governed.entries()).filter((entry) => entry.type === 'admin' && entry.verb === 'config.loaded')).toHaveLength(
          1,
        ),
      { timeout: 10_000, interval: 100 },
    )
    const now = (await ask('config', { time: new Date(Date.now() + 1_000).toISOString() })) as unknown as typeof then
    expect(now.hash).not.toBe(then.hash)
    expect(now.state.gateway.config).not.toBe(then.state.gateway.config)
    expect(((await ask('config', { time: before })) as unknown as typeof then).hash).toBe(then.hash)
    const folder = join(governed.home.dir, 'configs')
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining([`${then.state.gateway.config}.json`, `${now.state.gateway.config}.json`]),
    )
    const kept = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
    expect(kept.join('')).toContain('"checkMs":100')
    expect(kept.join('')).not.toContain('planted-credential')
  })
})

describe('R252 R253: bundles of a running gateway', () => {
  const bundle = async (input: object): Promise<ReadonlyMap<string, Uint8Array>> => {
    const file = join(governed.home.dir, `bundle-${Math.random()}.zip`)
    await ask('bundle', { file, purpose: 'a test', ...input })
    return readZip(readFileSync(file)) ?? new Map<string, Uint8Array>()
  }
  const manifestIn = (files: ReadonlyMap<string, Uint8Array>) =>
    JSON.parse(Buffer.from(files.get('manifest.json') ?? '').toString()) as BundleManifest

  test.each(['selection', 'hashes', 'entries'] as const)(
    'one session, with %s, verifies with the public key alone',
    async (coverage) => {
      const session = await sessionOf('alice')
      await session.call('find')
      const items = [{ id: 'session', controls: ['soc2-06'], evidence: 'tool_decision_log', query: { session: session.id } }]
      const files = await bundle({ items, coverage, withState: true })
      const report = verifyBundle(files, { keys: [auditKeyOf(governed.home)] })
      expect(report).toMatchObject({
        ok: true,
        coverage,
        items: [{ id: 'session', controls: ['soc2-06'], evidence: 'tool_decision_log', selected: 3 }],
      })
      const all = await governed.entries()
      const stored = manifestIn(files).items[0]?.selected.map(
        (index) => JSON.parse(Buffer.from(files.get(`entries/${String(index).padStart(12, '0')}.json`) ?? '').toString()) as Entry,
      )
      expect(stored).toEqual(
        all.filter(
          (entry) =>
            ('session' in entry && entry.session === session.id) ||
            (entry.type === 'admin' && entry.detail['session'] === session.id),
        ),
      )
      expect(all.findLast((entry) => entry.type === 'admin' && entry.verb === 'audit.bundle')).toMatchObject({
        actor: { id: 'bob' },
        detail: { purpose: 'a test', coverage, controls: ['soc2-06'], filters: [`session: session=${session.id}`] },
      })
    },
  )

  test('a window in time holds what was done in it, and says what was in force', async () => {
    const since = new Date().toISOString()
    await (await sessionOf('alice')).call('find')
    const until = new Date(Date.now() + 1).toISOString()
    const files = await bundle({ items: [{ id: 'all' }], window: { since, until }, coverage: 'entries', withState: true })
    expect(verifyBundle(files, { keys: [auditKeyOf(governed.home)] })).toMatchObject({ ok: true })
    const { state, items, population } = manifestIn(files)
    expect(state?.before.manifests).toMatchObject({ clerk: { version: 1 } })
    expect(items[0]?.selected).toHaveLength(population.entries)
    expect(population.all).toMatchObject({ decisions: { allow: 1 }, outcomes: { success: 1 } })
  })

  test('a file that exists is not written over', async () => {
    const input = { file: governed.home.configFile, items: [{ id: 'a' }], purpose: 'a test' }
    await expect(ask('bundle', input)).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
