import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { GatewayError } from '@sallyport/core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { agentClient } from '../fixtures/agent-client.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import { startGateway } from '../gateway.ts'
import { type WriterLink, directWriter } from '../stores/files/writer-link.ts'

const RUNNER = fileURLToPath(new URL('../fixtures/run-gateway.ts', import.meta.url))
const tools = [tool('quick', () => text('quick')), tool('hang', () => undefined)]
let server: RecordingServer
let governed: Governed
let child: ChildProcess | undefined

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: { clerk: { tasks: { work: { tools: reads('erp.quick', 'erp.hang') } } } },
    start: false,
  })
})
afterAll(async () => {
  child?.kill('SIGKILL')
  await governed.close()
  await server.close()
})

/** Runs the gateway in a process of its own. */
async function run(): Promise<ReturnType<typeof agentClient>> {
  const started = spawn(process.execPath, ['--conditions=sallyport-source', RUNNER, governed.home.dir], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  child = started
  const [url] = (await once(started.stdout, 'data')) as [Buffer]
  return agentClient(url.toString().trim(), 'clerk', governed.secret('clerk', 'work'))
}

async function kill(): Promise<void> {
  const ended = child && once(child, 'exit')
  child?.kill('SIGKILL')
  await ended
}

test('R004: killed between decision and forward, the log holds the intent, the server saw nothing, and the restart says unknown', async () => {
  const agent = await run()
  expect((await agent.call('erp__quick')).said).toBe('quick')
  // The next call speaks the other revision, so that the gateway has to open a connection after it has decided.
  server.hangOn = 'initialize'
  const cut = agent.call('erp__hang', {}, { era: 'legacy' }).catch(() => 'cut off')
  await vi.waitFor(() => expect(server.requests.at(-1)?.method).toBe('initialize'), 10_000)
  await kill()
  expect(await cut).toBe('cut off')
  expect(server.calls('hang')).toBe(0)
  const before = await governed.entries()
  const intent = before.findLast((entry) => entry.type === 'decision')
  expect(intent).toMatchObject({ enforced: 'allow', action: { server: 'erp', name: 'hang' } })
  expect(before.some((entry) => entry.type === 'outcome' && entry.decision === intent?.index)).toBe(false)
  server.hangOn = undefined
  await run()
  expect((await governed.entries()).slice(before.length)).toContainEqual(
    expect.objectContaining({ type: 'unknown', decision: intent?.index, act: intent?.act }),
  )
  expect(await governed.control('bob', 'audit.verify', {})).toMatchObject({ ok: true })
  await kill()
})

test('R004 R115: killed while the server works, the act is unknown too, once, however often it restarts', async () => {
  const agent = await run()
  const cut = agent.call('erp__hang').catch(() => 'cut off')
  await vi.waitFor(() => expect(server.calls('hang')).toBe(1), 10_000)
  await kill()
  expect(await cut).toBe('cut off')
  for (let round = 0; round < 2; round++) {
    await run()
    await kill()
  }
  const all = await governed.entries()
  const decisions = all.filter((entry) => entry.type === 'decision' && entry.enforced === 'allow')
  const closed = all.flatMap((entry) => (entry.type === 'outcome' || entry.type === 'unknown' ? [entry.decision] : []))
  expect(closed.toSorted((a, b) => a - b)).toEqual(decisions.map((entry) => entry.index))
})

test('R116: a gateway that cannot sign its last checkpoint says so and still gives the home folder back', async () => {
  const writer = directWriter()
  let isFull = false
  const full = new GatewayError('AUDIT_UNAVAILABLE', 'the disk is full')
  const logWriter: WriterLink = {
    ...writer,
    call: (request) => (isFull && request.verb === 'prepare' ? Promise.reject(full) : writer.call(request)),
  }
  // As few checkpoints besides the first and the last as there can be.
  governed.writeConfig({ checkpointMs: 1_000 })
  const gateway = await startGateway({ homeDir: governed.home.dir, log: () => undefined, logWriter })
  // The first call starts what it needs and may take as long as a checkpoint lasts; what the second one leaves is surely unsigned.
  for (let calls = 0; calls < 2; calls++)
    await agentClient(gateway.url, 'clerk', governed.secret('clerk', 'work')).call('erp__quick')
  isFull = true
  await expect(gateway.close()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  await governed.start()
  expect(await governed.control('bob', 'audit.verify', {})).toMatchObject({ ok: true })
  await governed.stop()
})
