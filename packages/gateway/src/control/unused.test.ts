import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry, EntryBody } from '@sallyport/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { emptyWorld, memoryLog, tempFolder, type World } from '../fixtures/world.ts'
import { hosts } from '../hosts.ts'
import { openManifests, parseManifest, type Manifests } from '../manifests/index.ts'
import { compileSchema } from '../schema.ts'
import type { ControlDeps } from './define-verb.ts'
import { findUses, USES_ENTRIES_MAX, type GrantPlace } from './find-uses.ts'
import { prunedText } from './prune-manifest.ts'
import { manifestUnused } from './unused.ts'

const DAY_MS = 86_400_000
const TEXT = `apiVersion: sallyport/v1
agent: a
owner: o
purpose: p
tasks:
  # what the month needs
  work:
    tools:
      erp.read: { scope: read, tier: low } # daily
      erp.write: { scope: write, tier: low }
    resources:
      docs.file:///policies/{name}: { tier: low }
    prompts:
      docs.letter: { tier: low }
  other:
    tools: { erp.read: { scope: read, tier: low } }
`
let world: World
let log: ReturnType<typeof memoryLog>
let folder: ReturnType<typeof tempFolder>
let manifests: Manifests

beforeEach(async () => {
  world = await emptyWorld()
  log = memoryLog(world.clock.nowMs)
  folder = tempFolder()
  mkdirSync(join(folder.path, 'manifests'))
  writeManifest(TEXT)
  const dir = join(folder.path, 'manifests')
  manifests = await openManifests({ dir, state: world.state, deps: { compileSchema, hosts }, nowMs: world.clock.nowMs })
})
afterEach(() => {
  manifests.close()
  folder.remove()
})

function writeManifest(text: string): void {
  writeFileSync(join(folder.path, 'manifests', 'a.yaml'), text)
}

type Act = { kind: string; server?: string; name: string; task?: string; agent?: string; enforced?: string }
function record({ kind, server, name, task = 'work', agent = 'a', enforced = 'allow' }: Act): Promise<number> {
  const action = { kind, ...(server && { server }), name, digest: '' }
  const body = { type: 'decision', actor: { type: 'agent', id: agent }, task, action, enforced }
  return log.append(body as unknown as EntryBody)
}
async function ask(days = 30, more: object = {}) {
  const deps = { state: world.state, audit: log, manifests, nowMs: world.clock.nowMs } as unknown as ControlDeps
  const plan = await manifestUnused.run(deps, { agent: 'a', days, ...more }, undefined as never)
  return manifestUnused.output.parse(plan.output)
}
const names = (rows: readonly GrantPlace[]) => rows.map(({ task, kind, name }) => `${task} ${kind} ${name}`)

test('R036: a grant used within N days is not listed, one used before is', async () => {
  await record({ kind: 'tool.call', server: 'erp', name: 'write' })
  world.clock.advance(40 * DAY_MS)
  await record({ kind: 'tool.call', server: 'erp', name: 'read' })
  await record({ kind: 'resource.read', server: 'docs', name: 'docs.file:///policies/{name}' })
  await record({ kind: 'complete', server: 'docs', name: 'prompt:letter' })
  world.clock.advance(10 * DAY_MS)
  const month = await ask()
  expect(names(month.unused)).toEqual(['work tools erp.write', 'other tools erp.read'])
  expect(month).toMatchObject({ young: [], fromMs: world.clock.nowMs() - 30 * DAY_MS })
  expect(names((await ask(51 - 1)).unused)).toEqual(['other tools erp.read'])
  expect(names((await ask(5)).unused)).toHaveLength(5)
})

test('R036: what was refused, done by another agent or in another task is no use of a grant', async () => {
  world.clock.advance(40 * DAY_MS)
  await record({ kind: 'tool.call', server: 'erp', name: 'write', enforced: 'deny' })
  await record({ kind: 'tool.call', server: 'erp', name: 'write', enforced: 'require_approval' })
  await record({ kind: 'tool.call', server: 'erp', name: 'write', agent: 'b' })
  await record({ kind: 'tool.call', server: 'erp', name: 'write', task: 'other' })
  await record({ kind: 'prompt.get', server: 'erp', name: 'write' })
  expect(names((await ask()).unused)).toContain('work tools erp.write')
  await record({ kind: 'tool.call', server: 'erp', name: 'write' })
  expect(names((await ask()).unused)).not.toContain('work tools erp.write')
})

test('R036: a grant younger than N days is not proposed for removal', async () => {
  expect(await ask()).toMatchObject({ unused: [] })
  expect((await ask()).young).toHaveLength(5)
  expect((await ask()).proposal).toBeUndefined()
  world.clock.advance(40 * DAY_MS)
  writeManifest(TEXT.replace('      erp.write:', '      erp.count: { scope: read, tier: low }\n      erp.write:'))
  const asked = await ask()
  expect(names(asked.young)).toEqual(['work tools erp.count'])
  expect(names(asked.unused)).toHaveLength(5)
  expect(asked.proposal).toContain('erp.count')
})

test('R036: the proposal is the manifest without the unused grants and nothing else', async () => {
  world.clock.advance(40 * DAY_MS)
  await record({ kind: 'tool.call', server: 'erp', name: 'read' })
  const expected = parseManifest(
    TEXT.replace(/ {6}erp.write.*\n/, '')
      .replace(/ {4}resources:\n.*\n {4}prompts:\n.*\n/, '')
      .replace('tools: { erp.read: { scope: read, tier: low } }', 'tools: {}'),
    'a.yaml',
  ).hash
  for (const text of [undefined, TEXT]) {
    const { proposal = '' } = await ask(30, text === undefined ? {} : { text })
    expect(parseManifest(proposal, 'a.yaml').hash).toBe(expected)
    expect(proposal.includes('# what the month needs\n') && proposal.includes('# daily\n')).toBe(text !== undefined)
  }
  await expect(ask(30, { text: TEXT.replace('purpose: p', 'purpose: q') })).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('R036: a text with aliases loses its form, never its meaning', () => {
  const text = TEXT.replace('erp.read: { scope: read, tier: low } #', 'erp.read: &low { scope: read, tier: low } #').replace(
    'tools: { erp.read: { scope: read, tier: low } }',
    'tools: { erp.read: *low }',
  )
  const { manifest } = parseManifest(text, 'a.yaml')
  const pruned = prunedText(manifest, [{ task: 'work', kind: 'tools', name: 'erp.read' }], text)
  const { tasks } = parseManifest(pruned, 'a.yaml').manifest
  expect(Object.keys(tasks['work']?.tools ?? {})).toEqual(['erp.write'])
  expect(tasks['other']?.tools['erp.read']).toMatchObject({ scope: 'read', tier: 'low' })
})

test('R036: it reads no further back than it must, and says when that was not far enough', async () => {
  const grants: GrantPlace[] = [{ task: 'work', kind: 'tools', name: 'erp.write' }]
  const wanted = { agent: 'a', grants, sinceMs: world.clock.nowMs() + 1 }
  for (let i = 0; i < 3_000; i++) await record({ kind: 'tool.list', name: '' })
  world.clock.advance(DAY_MS)
  await record({ kind: 'tool.call', server: 'erp', name: 'write' })
  expect(await findUses(log, wanted)).toMatchObject({ unused: [], entries: 1_000, complete: true })
  await record({ kind: 'tool.list', name: '' })
  const other = { ...wanted, grants: [{ ...(grants[0] as GrantPlace), task: 'other' }] }
  expect(await findUses(log, other)).toEqual({
    unused: other.grants,
    entries: 1_000,
    fromMs: wanted.sinceMs,
    complete: true,
    at: 2_002,
  })
  const fromMs = world.clock.nowMs()
  expect(await findUses(log, { ...other, sinceMs: 0 }, 2)).toEqual({
    unused: other.grants,
    entries: 2,
    fromMs,
    complete: false,
    at: 3_000,
  })
  expect(await findUses(log, { ...wanted, sinceMs: 0, before: 3_000 })).toMatchObject({ unused: grants, entries: 3_000, at: 0 })
  expect(await findUses(log, { ...other, sinceMs: 0 })).toMatchObject({ entries: 3_002, complete: true })
  expect(await findUses(memoryLog(), wanted)).toMatchObject({ unused: grants, entries: 0, complete: true })
  expect(await findUses(log, { ...wanted, grants: [] })).toMatchObject({ unused: [], entries: 0, complete: true })
})

test('R036: a long log is read in parts; what an earlier part saw in use stays used', async () => {
  await record({ kind: 'tool.call', server: 'erp', name: 'write' })
  world.clock.advance(40 * DAY_MS)
  await record({ kind: 'tool.call', server: 'erp', name: 'read' })
  for (let i = 0; i < USES_ENTRIES_MAX; i++)
    log.entries.push({ ...(log.entries[1] as Entry), index: i + 2, type: 'unknown' } as Entry)
  const first = await ask()
  expect(first).toMatchObject({ entries: USES_ENTRIES_MAX, next: 2 })
  expect(first.proposal).toBeUndefined()
  const last = await ask(30, { before: 2, only: first.unused.map(({ grantedMs: _, ...place }) => place) })
  expect(last.next).toBeUndefined()
  expect(names(last.unused)).not.toContain('work tools erp.read')
  expect(names((await ask(30, { before: 2, only: [{ task: 'other', kind: 'tools', name: 'erp.read' }] })).unused)).toEqual([
    'other tools erp.read',
  ])
})
