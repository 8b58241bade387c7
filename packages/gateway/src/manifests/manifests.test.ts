import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { signEd25519 } from '../ed25519.ts'
import { sharedStore } from '../fixtures/shared-store.ts'
import { emptyWorld, tempFolder, type World } from '../fixtures/world.ts'
import { hosts } from '../hosts.ts'
import { compileSchema } from '../schema.ts'
import { openState } from '../state.ts'
import { openManifests, signableBytes, type ManifestChange, type ManifestProblem, type Manifests } from './index.ts'

const is = (code: string) => expect.objectContaining({ code })
const manifest = (tools: string, more = '') =>
  `apiVersion: sallyport/v1\nagent: a\nowner: o\npurpose: p\n${more}tasks: { work: { tools: { ${tools} } } }\n`
const READ = 'erp.read: { scope: read, tier: low }'
const WRITE = `${READ}, erp.write: { scope: write, tier: medium, rationale: needed }`

let world: World
let folder: ReturnType<typeof tempFolder>
let dir: string
let open: Manifests[]
let changes: ManifestChange[]
let problems: ManifestProblem[]
let keys: Record<string, Awaited<ReturnType<World['user']>>>

beforeEach(async () => {
  world = await emptyWorld()
  await world.agent('a')
  folder = tempFolder()
  dir = join(folder.path, 'manifests')
  mkdirSync(dir)
  open = []
  changes = []
  problems = []
  keys = {
    alice: await world.user('alice', ['engineer', 'security']),
    bob: await world.user('bob', ['security']),
    carol: await world.user('carol', ['engineer']),
  }
})
afterEach(() => {
  for (const one of open) one.close()
  folder.remove()
})

async function start(watch = false): Promise<Manifests> {
  const manifests = await openManifests({
    dir,
    state: world.state,
    deps: { compileSchema, hosts },
    nowMs: world.clock.nowMs,
    onChange: (change) => void changes.push(change),
    onProblem: (problem) => void problems.push(problem),
    watch,
  })
  open.push(manifests)
  return manifests
}
let stamp = 1
/** Writes as an editor does, with a new time each. */
function write(text: string, name = 'a.yaml'): void {
  writeFileSync(join(dir, `.${name}.tmp`), text)
  utimesSync(join(dir, `.${name}.tmp`), stamp, stamp++)
  renameSync(join(dir, `.${name}.tmp`), join(dir, name))
}
async function sign(manifests: Manifests, user: string, role: string, changed: Record<string, unknown> = {}): Promise<void> {
  const newest = manifests.standing('a')?.newest
  const signable = {
    agent: 'a',
    version: newest?.version ?? 0,
    hash: newest?.hash ?? '',
    role,
    reason: 'looked at it',
    user,
    ...changed,
  }
  const key = keys[user]
  if (key === undefined) throw new Error('no such user')
  const signature = signEd25519(signableBytes({ ...signable, ...(changed['signedAs'] as object) }), key)
  const { signedAs: _, ...sent } = signable as Record<string, unknown> & typeof signable
  await world.state.transact([manifests.acceptSignature(sent, { signature: Buffer.from(signature).toString('base64') })])
  manifests.refresh('a')
}
const proposed = (manifests: Manifests) => manifests.current('a')?.tasks.get('work')?.tools.get('erp.write')?.proposed !== undefined

describe('versions', () => {
  test('R040: every text becomes an immutable version with its time, once', async () => {
    write(manifest(READ))
    const first = await start()
    world.clock.advance(1_000)
    write(manifest(WRITE))
    await first.reload()
    await first.reload()
    const versions = world.state.manifestVersions('a')
    expect(versions.map((version) => version.version)).toEqual([1, 2])
    expect((versions[1]?.createdMs ?? 0) - (versions[0]?.createdMs ?? 0)).toBe(1_000)
    expect((await start()).current('a')?.version).toBe(2)
    expect(world.state.manifestVersions('a')).toHaveLength(2)
  })

  test('the hash covers what is meant, not how it is written', async () => {
    write(manifest(READ))
    const manifests = await start()
    write(`# a comment\n${manifest('erp.read: { tier: low, scope: read }')}`)
    await manifests.reload()
    expect(world.state.manifestVersions('a')).toHaveLength(1)
  })

  test('an agent without a manifest has none, and removing the file takes it away', async () => {
    write(manifest(READ))
    const manifests = await start()
    expect(manifests.current('b')).toBeUndefined()
    rmSync(join(dir, 'a.yaml'))
    await manifests.reload()
    expect(manifests.current('a')).toBeUndefined()
    expect(changes.at(-1)).toEqual({ agent: 'a', cause: 'removed' })
  })
})

describe('replicas', () => {
  test('R040 R185: two that read one new file make one version of it', async () => {
    const store = sharedStore()
    const [one, two] = [await openState(store), await openState(store)]
    write(manifest(READ))
    const both = await Promise.all(
      [one, two].map((state) => openManifests({ dir, state, deps: { compileSchema, hosts }, nowMs: world.clock.nowMs })),
    )
    open.push(...both)
    expect(both.map((manifests) => manifests.current('a')?.version)).toEqual([1, 1])
    write(manifest(WRITE))
    await Promise.all(both.map((manifests) => manifests.reload()))
    expect(both.map((manifests) => manifests.current('a')?.version)).toEqual([2, 2])
    expect(one.manifestVersions('a')).toHaveLength(2)
    await Promise.all([one.close(), two.close()])
  })

  test('R043: one that starts with an old copy does not undo what is in force; a save there does', async () => {
    const store = sharedStore()
    const state = await openState(store)
    const start = () => openManifests({ dir, state, deps: { compileSchema, hosts }, nowMs: world.clock.nowMs })
    write(manifest(READ))
    const first = await start()
    write(manifest(WRITE))
    await first.reload()
    write(manifest(READ))
    const late = await start()
    open.push(first, late)
    expect(late.current('a')?.version).toBe(2)
    expect(late.problems()).toMatchObject([{ agent: 'a', problem: expect.stringContaining('older than the version in force') }])
    write(manifest(READ))
    await late.reload()
    expect(late.current('a')?.version).toBe(3)
    await state.close()
  })

  test('R040 R185: a version that one replica cannot read allows nothing there, until one comes that it can', async () => {
    const state = await openState(sharedStore())
    const older = { ...hosts, toAscii: (domain: string) => (domain === 'new.example' ? undefined : hosts.toAscii(domain)) }
    const started = (readBy: typeof hosts) =>
      openManifests({ dir, state, deps: { compileSchema, hosts: readBy }, nowMs: world.clock.nowMs })
    write(manifest(WRITE))
    const [newer, old] = [await started(hosts), await started(older)]
    open.push(newer, old)
    expect(old.current('a')?.version).toBe(1)
    write(manifest('erp.read: { scope: read, tier: low, domains: [new.example] }'))
    await newer.reload()
    expect(newer.current('a')?.version).toBe(2)
    expect(() => old.refresh('a')).toThrow(is('CONFIG_INVALID'))
    expect(old.current('a')).toBeUndefined()
    expect(old.agents()).toEqual(['a'])
    write(manifest(READ))
    await newer.reload()
    old.refresh('a')
    expect(old.current('a')?.version).toBe(3)
    await state.close()
  })

  test('what could not be stored is read again', async () => {
    const store = sharedStore()
    const state = await openState(store)
    const manifests = await openManifests({ dir, state, deps: { compileSchema, hosts }, nowMs: world.clock.nowMs })
    open.push(manifests)
    write(manifest(READ))
    store.trouble = 'down'
    await expect(manifests.reload()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    store.trouble = undefined
    await manifests.reload()
    expect(manifests.current('a')?.version).toBe(1)
    await state.close()
  })
})

describe('signatures', () => {
  test('R039 R043: a write stays proposed until each role was signed by a different person', async () => {
    write(manifest(WRITE))
    const manifests = await start()
    expect(proposed(manifests)).toBe(true)
    await sign(manifests, 'carol', 'engineer')
    expect([proposed(manifests), manifests.current('a')?.signed]).toEqual([true, false])
    await sign(manifests, 'bob', 'security')
    expect([proposed(manifests), manifests.current('a')?.signed]).toEqual([false, true])
    expect(changes.map((change) => change.signed)).toEqual([false, true])
  })

  test('R043: one person cannot sign twice, in any of their roles', async () => {
    write(manifest(WRITE))
    const manifests = await start()
    await sign(manifests, 'alice', 'engineer')
    await expect(sign(manifests, 'alice', 'security')).rejects.toThrowError(is('CONFLICT'))
    await expect(sign(manifests, 'alice', 'engineer')).rejects.toThrowError(is('CONFLICT'))
    expect(manifests.current('a')?.signed).toBe(false)
  })

  test('R043: wrong role, unknown role, another’s signature, another hash or version: refused', async () => {
    write(manifest(WRITE))
    const manifests = await start()
    await expect(sign(manifests, 'carol', 'security')).rejects.toThrowError(is('IDENTITY_FORBIDDEN'))
    await expect(sign(manifests, 'carol', 'owner')).rejects.toThrowError(is('CONFLICT'))
    await expect(sign(manifests, 'carol', 'engineer', { hash: 'f'.repeat(64) })).rejects.toThrowError(is('CONFLICT'))
    await expect(sign(manifests, 'carol', 'engineer', { version: 2 })).rejects.toThrowError(is('CONFLICT'))
    for (const signedAs of [
      { reason: 'another reason' },
      { hash: 'f'.repeat(64) },
      { agent: 'b' },
      { role: 'security' },
      { user: 'bob' },
      { version: 9 },
    ]) {
      await expect(sign(manifests, 'carol', 'engineer', { signedAs })).rejects.toThrowError(is('IDENTITY_FORBIDDEN'))
    }
    expect(manifests.standing('a')?.signatures).toEqual([])
  })

  test('R043: any edit needs signatures again; what was signed before stays in force', async () => {
    write(manifest(WRITE))
    const manifests = await start()
    await sign(manifests, 'carol', 'engineer')
    await sign(manifests, 'bob', 'security')
    write(manifest(`${WRITE}, erp.more: { scope: write, tier: medium }`))
    await manifests.reload()
    const tools = manifests.current('a')?.tasks.get('work')?.tools
    expect(manifests.current('a')?.signed).toBe(false)
    expect(tools?.get('erp.write')?.proposed).toBeUndefined()
    expect(tools?.get('erp.more')?.proposed).toBeDefined()
  })

  test('R043: going back to an older signed text does not bring its grants back unsigned', async () => {
    write(manifest(WRITE))
    const manifests = await start()
    await sign(manifests, 'carol', 'engineer')
    await sign(manifests, 'bob', 'security')
    write(manifest(READ))
    await manifests.reload()
    await sign(manifests, 'carol', 'engineer')
    await sign(manifests, 'bob', 'security')
    write(manifest(WRITE))
    await manifests.reload()
    expect(manifests.current('a')?.version).toBe(3)
    expect(proposed(manifests)).toBe(true)
  })

  test('R043: a version cannot name its own judges: the roles of the last signed one decide', async () => {
    write(manifest(WRITE))
    const manifests = await start()
    await sign(manifests, 'carol', 'engineer')
    await sign(manifests, 'bob', 'security')
    write(manifest(`${WRITE}, erp.more: { scope: write, tier: medium }`, 'signOff: [engineer, engineer]\n'))
    await manifests.reload()
    await sign(manifests, 'carol', 'engineer')
    expect(manifests.standing('a')?.required).toEqual(['engineer', 'security'])
    await sign(manifests, 'alice', 'engineer')
    expect(manifests.current('a')?.signed).toBe(false)
  })

  test('R043: two valid signatures of one person in the store still count as one person', async () => {
    write(manifest(WRITE))
    const manifests = await start()
    const hash = manifests.standing('a')?.newest.hash ?? ''
    for (const role of ['engineer', 'security'] as const) {
      const signable = { agent: 'a', version: 1, hash, role, reason: 'both', user: 'alice' }
      const signature = Buffer.from(signEd25519(signableBytes(signable), keys['alice'] as never)).toString('base64')
      await world.state.transact([{ op: 'insert', kind: 'signature', value: { ...signable, atMs: 1, signature } }])
    }
    manifests.refresh('a')
    expect(manifests.standing('a')?.signatures).toHaveLength(2)
    expect(manifests.current('a')?.signed).toBe(false)
  })

  test('R043: a signature in the store that does not verify counts for nothing', async () => {
    write(manifest(WRITE))
    const manifests = await start()
    await sign(manifests, 'carol', 'engineer')
    const { newest } = manifests.standing('a') ?? {}
    const value = {
      agent: 'a',
      version: 1,
      hash: newest?.hash ?? '',
      role: 'security',
      user: 'bob',
      reason: 'forged',
      atMs: 1,
      signature: `${'A'.repeat(86)}==`,
    } as const
    await world.state.transact([{ op: 'insert', kind: 'signature', value }])
    manifests.refresh('a')
    expect(manifests.current('a')?.signed).toBe(false)
  })
})

describe('reload', () => {
  test.each([
    ['not YAML', 'a: ['],
    ['an unknown key', manifest(READ, 'grants: {}\n')],
    ['a gated tool exempted (R142)', manifest('mail.send: { scope: send, tier: low, requiresHumanApproval: false }')],
    ['a tool without tier (R140)', manifest('erp.read: { scope: read }')],
    ['another agent’s name', manifest(READ).replace('agent: a', 'agent: b')],
    ['a role nobody can hold', manifest(READ, 'signOff: [engineer, wizard]\n')],
    ['a wildcard grant', manifest('erp.*: { scope: read, tier: low }')],
    ['a schema that cannot be used', manifest('erp.read: { scope: read, tier: low, args: { $ref: "https://evil.example/x" } }')],
  ])('R040: %s keeps the last good version, also after a restart, and says why', async (_, text) => {
    write(manifest(WRITE))
    const manifests = await start()
    const before = manifests.current('a')?.hash
    write(text)
    await manifests.reload()
    expect(manifests.current('a')?.hash).toBe(before)
    expect(manifests.problems()).toMatchObject([{ agent: 'a', problem: expect.stringContaining('a.yaml') }])
    expect(problems).toHaveLength(1)
    const restarted = await start()
    expect(restarted.current('a')?.hash).toBe(before)
    write(manifest(READ))
    await restarted.reload()
    expect(restarted.problems()).toEqual([])
    expect(restarted.current('a')?.hash).not.toBe(before)
  })

  test('a manifest that never was valid puts nothing in force and does not stop the others', async () => {
    write('nonsense: [', 'broken.yaml')
    write(manifest(READ))
    const manifests = await start()
    expect(manifests.agents()).toEqual(['a'])
    expect(manifests.current('broken')).toBeUndefined()
  })

  test('changes on disk are followed without being asked', async () => {
    write(manifest(READ))
    const manifests = await start(true)
    write(manifest(WRITE))
    await vi.waitFor(() => expect(manifests.current('a')?.version).toBe(2), { timeout: 5_000 })
  })
})
