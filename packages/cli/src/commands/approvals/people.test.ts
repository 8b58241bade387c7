import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { govern, type Governed } from '../../../../gateway/src/fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../../../../gateway/src/fixtures/recording-server.ts'
import type { Ran } from '../../fixtures/cli-home.ts'
import { runCli } from '../../run-cli.ts'

const tools = [tool('note', ({ args }) => text(`noted ${String(args['test'])}`))]
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const grant = { 'erp.note': { scope: 'write', tier: 'low', requiresHumanApproval: true } }
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: [[tools[0]!.definition, 'write'] as const] },
    people: { dana: { roles: ['approver'], attributes: {} }, frank: { roles: ['approver'], attributes: {} } },
    agents: {
      stage: { tasks: { work: { tools: grant } }, manifest: { defaults: { approvalTimeoutMs: 1_500 } } },
      open: {
        tasks: { work: { tools: { 'erp.note': { scope: 'write', tier: 'low' } } } },
        manifest: { defaults: { approvalTimeoutMs: 60_000 } },
      },
    },
    config: { approvals: { holdMs: 300 } },
  })
  for (const [user, key] of Object.entries(governed.people)) {
    const file = governed.home.userKeyFile(user)
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  }
})
afterAll(async () => {
  await governed?.close()
  await server?.close()
})

async function run(...args: string[]): Promise<Ran> {
  let out = ''
  let err = ''
  const env = { SALLYPORT_HOME: governed.home.dir }
  const code = await runCli(args, { env, out: (more) => (out += more), err: (more) => (err += more), version: 'test' })
  return { code, out, err }
}
const gate = [
  'approvals',
  'test-gate',
  '--agent',
  'stage',
  '--task',
  'work',
  '--tool',
  'erp.note',
  '--approver',
  'dana',
  '--as',
  'bob',
]

test('R150: test-gate drives approving, rejecting and lapsing through the gateway with a real client, and keeps the evidence', async () => {
  const before = server.calls()
  const ran = await run(...gate, '--args', '{"test":"a"}', '--other-args', '{"test":"b"}')
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out.trim().split('\n')).toEqual([
    expect.stringMatching(/^approved: apr-[0-9a-f]{24} ran, once$/),
    expect.stringMatching(/^rejected: apr-[0-9a-f]{24} did not run$/),
    expect.stringMatching(/^waiting until .*Z, when the third one lapses$/),
    expect.stringMatching(/^lapsed: {3}apr-[0-9a-f]{24} did not run, and approving it then was refused$/),
    expect.stringMatching(/^the log shows it: entries \d+, \d+, \d+, \d+$/),
  ])
  expect(server.calls()).toBe(before + 1)
  const kept = (await governed.entries()).find((entry) => entry.type === 'admin' && entry.verb === 'approval.test')
  expect(kept).toMatchObject({ outcome: 'done', actor: { id: 'bob' }, detail: { agent: 'stage' } })
})

test('R150: what does not wait for people, or has an answer that still stands, or the same person twice, is no test', async () => {
  const open = gate.map((word) => (word === 'stage' ? 'open' : word))
  expect((await run(...open)).err).toContain('nobody was asked: the call was carried out')
  const own = gate.map((word) => (word === 'dana' ? 'bob' : word))
  expect((await run(...own, '--args', '{"test":"own"}')).code).not.toBe(0)
  expect((await run(...gate, '--args', 'no json')).err).toContain('write a JSON object')
  expect((await run(...gate, '--args', '["a"]')).err).toContain('write a JSON object')
})

test('R149 R156: a deputy, several decisions at once, a test of attention and the figures, as people type them', async () => {
  const made = await run('delegation', 'create', 'erin', '--for', '2h', '--reason', 'away', '--as', 'frank')
  expect(made.out).toMatch(/^del-[0-9a-f]{24}: erin decides in your place until /)
  const [delegation = ''] = made.out.split(':')
  const asked = async (word: string): Promise<string> => {
    const { refusal } = await governed.client('stage', 'work').call('erp__note', { test: word })
    return (refusal as unknown as { approval: { id: string } }).approval.id
  }
  const ids = [await asked('c'), await asked('d')]
  const pairs: string[] = []
  for (const id of ids) {
    const { shown } = JSON.parse((await run('approvals', 'show', id, '--as', 'erin', '--json')).out) as JsonObject
    pairs.push(`${id}=${String(shown)}`)
  }
  expect((await run('approvals', 'batch', ...pairs, '--verdict', 'maybe', '--reason', 'why not', '--as', 'erin')).code).not.toBe(0)
  const rejected = await run('approvals', 'batch', ...pairs, '--verdict', 'reject', '--reason', 'not now', '--as', 'erin')
  expect(rejected.out.trim().split('\n')).toEqual(ids.map((id) => `${id} is rejected`))
  expect((await run('delegation', 'list', '--as', 'frank')).out).toContain('frank')
  expect((await run('delegation', 'end', delegation, '--as', 'frank')).out).toContain('erin decides for frank no more')
  expect((await run('delegation', 'list', '--as', 'frank')).out).not.toContain('del-')

  const seeded = await run('approvals', 'seed', ids[0] ?? '', '--as', 'bob')
  const [seed = ''] = seeded.out.split(' ')
  const { shown } = JSON.parse((await run('approvals', 'show', seed, '--as', 'dana', '--json')).out) as JsonObject
  const missed = await run('approvals', 'approve', seed, '--shown', String(shown), '--reason', 'fine', '--as', 'dana')
  expect(missed.out).toContain('you approved it; nothing happened')
  const figures = await run('approvals', 'vigilance', '--as', 'bob')
  expect(figures.out).toMatch(/^\d+ asked: \d+ approved, \d+ rejected, /)
  expect(figures.out).toMatch(/dana +\d+ +\d+ +[\d.]+ s +1 of 1/)
})
