import { randomBytes, type KeyObject } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { signEd25519 } from '../ed25519.ts'
import { HASH, MATRIX, OFFERED } from '../fixtures/control-tables.ts'
import { emptyWorld, memoryLog, tempFolder, type World } from '../fixtures/world.ts'
import { hosts } from '../hosts.ts'
import { createIdentifier } from '../identity/identifier.ts'
import { openManifests, signableBytes, type Manifests } from '../manifests/index.ts'
import { compileSchema } from '../schema.ts'
import { ROLES } from '../state-records.ts'
import type { OfferedServer } from './define-verb.ts'
import {
  callControl,
  openControl,
  serveControl,
  signRequest,
  VERBS,
  type Control,
  type ControlAnswer,
  type VerbName,
} from './index.ts'

const SESSION_KEY = new Uint8Array(32).map((_, i) => (i * 43) % 251)

let world: World
let log: ReturnType<typeof memoryLog>
let folder: ReturnType<typeof tempFolder>
let manifests: Manifests
let control: Control
let keys: Record<string, KeyObject>
let isolated: string[]
let offered: OfferedServer[]
let random: (count: number) => Uint8Array

beforeEach(async () => {
  world = await emptyWorld()
  log = memoryLog(world.clock.nowMs)
  folder = tempFolder()
  const dir = join(folder.path, 'manifests')
  mkdirSync(dir)
  writeFileSync(
    join(dir, 'a.yaml'),
    'apiVersion: sallyport/v1\nagent: a\nowner: o\npurpose: p\ntasks: { work: { tools: { erp.write: { scope: write, tier: medium } } } }\n',
  )
  manifests = await openManifests({ dir, state: world.state, deps: { compileSchema, hosts }, nowMs: world.clock.nowMs })
  keys = { zoe: await world.user('zoe', []) }
  for (const role of ROLES) keys[role] = await world.user(role, [role], { department: 'x' })
  isolated = []
  offered = [...OFFERED]
  random = randomBytes
  control = openControl({
    state: world.state,
    audit: log,
    log: {
      verify: async () => ({ ok: true, size: log.entries.length, rootHash: HASH }),
      prove: async (index) => `proof of ${index}`,
      exportTo: async () => ({ entries: log.entries.length }),
    },
    standing: {
      sizes: async () => ({ durable: log.entries.length, checkpointed: log.entries.length }),
      report: () => undefined,
      stopped: () => undefined,
      anchoredBy: () => undefined,
    },
    manifests,
    home: { deriveKey: () => SESSION_KEY, manifestsDir: dir },
    nowMs: world.clock.nowMs,
    randomBytes: (count) => random(count),
    offered: async () => offered,
    onIsolate: (agent) => void isolated.push(agent),
  })
})
afterEach(() => {
  manifests.close()
  folder.remove()
})

function call(user: string, verb: string, input: Json = {}): Promise<ControlAnswer> {
  const key = keys[user]
  if (key === undefined) throw new Error('no such user')
  return control.call(signRequest({ verb, input, user }, key, world.clock.nowMs()))
}
async function output(user: string, verb: string, input: Json = {}): Promise<Record<string, never>> {
  const answer = await call(user, verb, input)
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`)
  return answer.output as unknown as Record<string, never>
}
const lastEntry = () => log.entries.at(-1)
const identifier = () =>
  createIdentifier({
    state: world.state,
    issuers: [],
    sessionKey: SESSION_KEY,
    nowMs: world.clock.nowMs,
    fetchJwks: async () => ({}),
  })

describe('R284 R134: every verb × role', () => {
  const cells = (Object.keys(VERBS) as VerbName[]).flatMap((verb) => [...ROLES, 'zoe'].map((user) => ({ verb, user })))
  test.each(cells)('$verb by $user', async ({ verb, user }) => {
    const answer = await call(user, verb, { broken: true })
    // The input is broken on purpose: whoever may call the verb gets past the role check and no further.
    const allowed = (MATRIX[verb] as readonly string[]).includes(user)
    expect(answer).toMatchObject({ ok: false, code: allowed ? 'REQUEST_PARAMS' : 'IDENTITY_FORBIDDEN' })
    expect(log.entries).toMatchObject([
      {
        type: 'admin',
        actor: { type: 'user', id: user },
        verb,
        outcome: 'refused',
        code: allowed ? 'REQUEST_PARAMS' : 'IDENTITY_FORBIDDEN',
      },
    ])
  })
})

describe('requests', () => {
  const signed = (more: object = {}) => ({
    ...signRequest({ verb: 'status', input: {}, user: 'owner' }, keys['owner'] as KeyObject, world.clock.nowMs()),
    ...more,
  })

  test('R284: a signature by another key, over another text, or of nobody is refused and recorded as unverified', async () => {
    const bad = [
      signRequest({ verb: 'status', input: {}, user: 'owner' }, keys['engineer'] as KeyObject, world.clock.nowMs()),
      signed({ verb: 'agent.list' }),
      signed({ input: { a: 1 } }),
      signed({ user: 'security' }),
      signed({ user: 'nobody' }),
      signed({ nonce: 'n'.repeat(22) }),
    ]
    for (const request of bad) expect(await control.call(request)).toMatchObject({ ok: false, code: 'IDENTITY_INVALID' })
    expect(log.entries.map((entry) => entry.type === 'admin' && entry.actor.type)).toEqual(bad.map(() => 'unverified'))
  })

  test('R284: a request is answered once, and only near its time', async () => {
    const request = signed()
    expect(await control.call(request)).toMatchObject({ ok: true })
    expect(await control.call(request)).toMatchObject({
      ok: false,
      code: 'IDENTITY_INVALID',
      message: expect.stringContaining('sent before'),
    })
    const old = signed()
    world.clock.advance(60_001)
    expect(await control.call(old)).toMatchObject({ ok: false, code: 'IDENTITY_INVALID' })
    const future = signRequest(
      { verb: 'status', input: {}, user: 'owner' },
      keys['owner'] as KeyObject,
      world.clock.nowMs() + 60_001,
    )
    expect(await control.call(future)).toMatchObject({ ok: false, code: 'IDENTITY_INVALID' })
  })

  test('rubbish is refused without an exception, an unknown verb is one', async () => {
    for (const request of [undefined, null, 7, 'x', [], {}, { verb: 'status' }, signed({ extra: 1 })]) {
      expect(await control.call(request)).toMatchObject({ ok: false, code: 'REQUEST_INVALID' })
    }
    expect(await call('owner', 'agent.destroy')).toMatchObject({ ok: false, code: 'REQUEST_METHOD' })
    expect(await call('owner', '__proto__')).toMatchObject({ ok: false, code: 'REQUEST_METHOD' })
  })

  test('a disabled user is nobody', async () => {
    const owner = world.state.user('owner')
    if (owner !== undefined) await world.state.transact([{ op: 'put', kind: 'user', value: { ...owner, disabledMs: 1 } }])
    expect(await call('owner', 'status')).toMatchObject({ ok: false, code: 'IDENTITY_INVALID' })
  })

  test('R045: an agent’s credential is no way into the control plane', async () => {
    const { agent, key } = await output('owner', 'agent.create', { agent: 'a' })
    expect(await control.call({ ...signed(), user: agent, signature: key })).toMatchObject({ ok: false })
  })

  test('the first owner can be made while there is nobody, and never after', async () => {
    const firstOwner = { user: 'eve', roles: ['owner'], attributes: {}, publicKey: Buffer.alloc(32, 9).toString('base64') }
    expect(await control.call({ firstOwner })).toMatchObject({ ok: false, code: 'IDENTITY_FORBIDDEN' })
    expect(world.state.user('eve')).toBeUndefined()
    const fresh = await emptyWorld()
    const second = openControl({ state: fresh.state, audit: log, manifests, nowMs: world.clock.nowMs } as never)
    expect(await second.call({ firstOwner: { ...firstOwner, roles: ['auditor'] } })).toMatchObject({
      ok: false,
      code: 'REQUEST_PARAMS',
    })
    expect(await second.call({ firstOwner })).toMatchObject({ ok: true })
    expect(lastEntry()).toMatchObject({ type: 'admin', verb: 'user.create', target: 'eve', outcome: 'done' })
  })
})

describe('keys', () => {
  test('R016 R022: create shows a secret once, stores a hash, and records neither', async () => {
    const { key } = (await output('engineer', 'agent.create', { agent: 'a', task: 'work' })) as unknown as {
      key: { secret: string; id: string }
    }
    expect(key.secret).toMatch(/^sp_[A-Za-z0-9_-]{43}$/)
    expect(await identifier().identify(`Bearer ${key.secret}`, 'a')).toMatchObject({ agent: 'a', task: 'work' })
    const everything = JSON.stringify([log.entries, world.state.keys('a'), (await output('engineer', 'agent.list'))['agents']])
    expect(everything).not.toContain(key.secret)
    expect(lastEntry()).toMatchObject({ verb: 'agent.list' })
    expect(log.entries[0]).toMatchObject({ verb: 'agent.create', target: 'a', detail: { key: key.id, task: 'work' } })
  })

  test('R016: the same credential for a second agent is refused', async () => {
    random = (count) => new Uint8Array(count).fill(5)
    await output('engineer', 'agent.create', { agent: 'a' })
    expect(await call('engineer', 'agent.create', { agent: 'b' })).toMatchObject({
      ok: false,
      code: 'CONFLICT',
      message: expect.stringContaining('registered already'),
    })
    expect(world.state.agent('b')).toBeUndefined()
  })

  test('R022: rotation overlaps, then the old key ends; a key for another task stays', async () => {
    type Answer = { key: { secret: string }; replaced: { id: string }[] }
    const old = (await output('engineer', 'agent.create', { agent: 'a', task: 'work' })) as unknown as Answer
    const exchange = (await output('engineer', 'agent.rotate', { agent: 'a' })) as unknown as Answer
    expect(exchange.replaced).toEqual([])
    const fresh = (await output('engineer', 'agent.rotate', { agent: 'a', task: 'work', overlapMs: 60_000 })) as unknown as Answer
    expect(fresh.replaced).toHaveLength(1)
    const id = identifier()
    for (const { key } of [old, fresh, exchange]) await id.identify(`Bearer ${key.secret}`, 'a')
    world.clock.advance(60_000)
    await expect(id.identify(`Bearer ${old.key.secret}`, 'a')).rejects.toMatchObject({ code: 'IDENTITY_INVALID' })
    for (const { key } of [fresh, exchange]) await id.identify(`Bearer ${key.secret}`, 'a')
  })

  test('R022: revoke kills one key, or everything the agent has', async () => {
    type Answer = { key: { secret: string; id: string } }
    const one = (await output('engineer', 'agent.create', { agent: 'a' })) as unknown as Answer
    const two = (await output('engineer', 'agent.rotate', { agent: 'a', task: 'work' })) as unknown as Answer
    const session = (await output('engineer', 'session.create', { agent: 'a', task: 'work' })) as unknown as { token: string }
    await output('security', 'agent.revoke', { agent: 'a', key: one.key.id })
    const id = identifier()
    await expect(id.identify(`Bearer ${one.key.secret}`, 'a')).rejects.toMatchObject({ code: 'IDENTITY_INVALID' })
    await id.identify(`Bearer ${session.token}`, 'a')
    await output('security', 'agent.revoke', { agent: 'a' })
    for (const secret of [two.key.secret, session.token])
      await expect(id.identify(`Bearer ${secret}`, 'a')).rejects.toMatchObject({ code: 'IDENTITY_INVALID' })
    expect(await call('security', 'agent.revoke', { agent: 'a', key: one.key.id })).toMatchObject({ ok: false, code: 'NOT_FOUND' })
  })

  test('R023 R037: a session names its user and a task of the manifest', async () => {
    await output('engineer', 'agent.create', { agent: 'a' })
    const { token } = (await output('approver', 'session.create', { agent: 'a', task: 'work' })) as unknown as { token: string }
    expect(await identifier().identify(`Bearer ${token}`, 'a')).toMatchObject({
      task: 'work',
      user: { id: 'approver', attributes: { department: 'x' } },
    })
    expect(await call('approver', 'session.create', { agent: 'a', task: 'other' })).toMatchObject({ ok: false, code: 'NOT_FOUND' })
    expect(JSON.stringify(log.entries)).not.toContain(token)
  })
})

describe('isolation', () => {
  test('R022: isolates in one step, cuts streams, and release leaves old keys dead unless kept', async () => {
    const { key } = (await output('engineer', 'agent.create', { agent: 'a' })) as unknown as { key: { secret: string } }
    expect(await call('security', 'isolate', { agent: 'a', reason: 'odd calls' })).toMatchObject({ ok: true, output: { epoch: 1 } })
    expect(isolated).toEqual(['a'])
    expect(world.state.agent('a')?.isolated).toMatchObject({ by: 'security', reason: 'odd calls' })
    expect(await call('security', 'isolate', { agent: 'a', reason: 'again' })).toMatchObject({ ok: false, code: 'CONFLICT' })
    expect(await call('engineer', 'session.create', { agent: 'a', task: 'work' })).toMatchObject({ ok: false, code: 'CONFLICT' })
    expect(await call('security', 'release', { agent: 'a', reason: 'was a test' })).toMatchObject({
      ok: true,
      output: { deadKeys: [expect.any(String)] },
    })
    await expect(identifier().identify(`Bearer ${key.secret}`, 'a')).rejects.toMatchObject({ code: 'IDENTITY_INVALID' })
    await output('security', 'isolate', { agent: 'a', reason: 'once more' })
    await output('security', 'release', { agent: 'a', reason: 'keys are fine', keepKeys: true })
    expect(await identifier().identify(`Bearer ${key.secret}`, 'a')).toMatchObject({ agent: 'a', epoch: 2 })
  })

  test('isolating and revoking work when the log does not; loosening does not', async () => {
    await output('engineer', 'agent.create', { agent: 'a' })
    log.fail = true
    expect(await call('security', 'isolate', { agent: 'a', reason: 'log down' })).toMatchObject({
      ok: false,
      code: 'AUDIT_UNAVAILABLE',
    })
    expect(world.state.agent('a')?.isolated).toBeDefined()
    expect(isolated).toEqual(['a'])
    expect(await call('security', 'release', { agent: 'a', reason: 'log down' })).toMatchObject({
      ok: false,
      code: 'AUDIT_UNAVAILABLE',
    })
    expect(world.state.agent('a')?.isolated).toBeDefined()
    expect(await call('engineer', 'agent.create', { agent: 'b' })).toMatchObject({ ok: false, code: 'AUDIT_UNAVAILABLE' })
    expect(world.state.agent('b')).toBeUndefined()
  })
})

describe('manifests', () => {
  test('R039 R043: two people sign, the reason is recorded, and the write is granted', async () => {
    const shown = (await output('engineer', 'manifest.diff', { agent: 'a' })) as unknown as {
      to: number
      hash: string
      proposed: { path: string }[]
    }
    expect(shown.proposed).toMatchObject([{ path: 'tasks.work.tools.erp.write' }])
    for (const role of ['engineer', 'security'] as const) {
      const signable = { agent: 'a', version: shown.to, hash: shown.hash, role, reason: `because ${role}` }
      const signature = Buffer.from(signEd25519(signableBytes({ ...signable, user: role }), keys[role] as KeyObject)).toString(
        'base64',
      )
      await output(role, 'manifest.sign', { ...signable, signature })
      expect(lastEntry()).toMatchObject({
        verb: 'manifest.sign',
        target: 'a',
        detail: { role, reason: `because ${role}`, hash: shown.hash },
      })
    }
    expect(manifests.current('a')?.signed).toBe(true)
    expect(await output('auditor', 'manifest.show', { agent: 'a' })).toMatchObject({
      signed: true,
      proposed: [],
      signatures: [{ user: 'engineer' }, { user: 'security' }],
    })
  })

  test('R140 R142: check says what is wrong, and puts nothing in force', async () => {
    const text =
      'apiVersion: sallyport/v1\nagent: a\nowner: o\npurpose: p\ntasks: { work: { tools: { mail.send: { scope: send, tier: low, requiresHumanApproval: false } } } }\n'
    expect(await output('engineer', 'manifest.check', { agent: 'a', text })).toMatchObject({
      ok: false,
      problem: expect.stringContaining('requiresHumanApproval'),
    })
    expect(
      await output('engineer', 'manifest.check', { agent: 'a', text: text.replace(', requiresHumanApproval: false', '') }),
    ).toMatchObject({ ok: true })
    expect(world.state.manifestVersions('a')).toHaveLength(1)
  })
})

describe('tools', () => {
  test('R041 R264: only the exact definition that was looked at is approved, by a reviewer', async () => {
    const approve = (more = {}) =>
      call('security', 'tools.approve', { server: 'erp', tool: 'read', hash: HASH, effect: 'read', ...more })
    expect(await approve({ hash: 'cd'.repeat(32) })).toMatchObject({ ok: false, code: 'CONFLICT' })
    expect(await approve({ tool: 'raed' })).toMatchObject({ ok: false, code: 'CONFLICT' })
    expect(await approve({ tool: 'absent' })).toMatchObject({ ok: false, code: 'NOT_FOUND' })
    expect(await approve({ server: 'down' })).toMatchObject({ ok: false, code: 'UPSTREAM_UNAVAILABLE' })
    expect(world.state.pins()).toEqual([])
    expect(await approve()).toMatchObject({ ok: true })
    expect(world.state.pin('erp', 'read')).toMatchObject({ hash: HASH, effect: 'read', reviewedBy: 'security' })
    const changed = {
      ...offered[0]?.tools[0],
      hash: 'ef'.repeat(32),
      state: 'changed',
      definition: { name: 'read', description: 'new', inputSchema: { type: 'object' } },
    }
    offered = [{ server: 'erp', tools: [changed as never] }]
    expect(await output('engineer', 'tools.diff', { server: 'erp', tool: 'read' })).toMatchObject({
      state: 'changed',
      reviewedHash: HASH,
      changes: [{ path: 'description', after: 'new' }],
    })
    expect(await output('engineer', 'tools.list')).toMatchObject({ tools: [{ tool: 'read', state: 'changed' }] })
  })
})

describe('audit', () => {
  test('R134: every read of the log is itself an entry', async () => {
    for (const verb of ['audit.tail', 'audit.verify'] as const) await output('auditor', verb)
    await output('auditor', 'audit.read', { index: 0 })
    await output('auditor', 'audit.prove', { index: 0 })
    expect(log.entries.map((entry) => entry.type === 'admin' && entry.verb)).toEqual([
      'audit.tail',
      'audit.verify',
      'audit.read',
      'audit.prove',
    ])
    expect(await call('auditor', 'audit.read', { index: 99 })).toMatchObject({ ok: false, code: 'NOT_FOUND' })
    expect(await call('auditor', 'audit.export', { dir: 'relative' })).toMatchObject({ ok: false, code: 'REQUEST_PARAMS' })
  })
})

describe('socket', () => {
  test('R284: serves the same calls on a private socket, in order; bad requests do no harm', async () => {
    const path = join(folder.path, 'control.sock')
    const server = await serveControl(control, path)
    const { statSync } = await import('node:fs')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const request = () => signRequest({ verb: 'status', input: {}, user: 'owner' }, keys['owner'] as KeyObject, world.clock.nowMs())
    const answers = await Promise.all(Array.from({ length: 20 }, () => callControl(path, request())))
    expect(answers.every((answer) => answer?.ok)).toBe(true)
    expect(await callControl(path, 'nonsense' as never)).toMatchObject({ ok: false, code: 'REQUEST_INVALID' })
    expect(await callControl(path, { ...request(), input: 'x'.repeat(1_100_000) })).toMatchObject({
      ok: false,
      code: 'REQUEST_TOO_LARGE',
    })
    await server.close()
    expect(await callControl(path, request())).toBeUndefined()
  })
})
