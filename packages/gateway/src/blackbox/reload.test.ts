import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectRefused } from '../fixtures/expect-refused.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'

const tools = [tool('find', () => text('found')), tool('other', () => text('other'))]
const WAIT = { timeout: 8_000, interval: 20 }
let server: RecordingServer
let spare: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  spare = await startRecordingServer({ tools: [tool('extra', () => text('extra'))] })
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const), spare: [[tool('extra').definition, 'read']] },
    agents: {
      clerk: { tasks: { work: { tools: reads('erp.find', 'spare.extra') } } },
      swapped: {
        tasks: { work: { tools: reads('erp.find') } },
        manifest: { defaults: { rateLimit: { callsMax: 100_000, windowMs: 60_000 } } },
      },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await Promise.all([server.close(), spare.close()])
})

const clerk = () => governed.client('clerk', 'work')
const verbsSince = async (size: number) =>
  (await governed.entries()).slice(size).flatMap((entry) => (entry.type === 'admin' ? [entry.verb] : []))
const sizeNow = async () => (await governed.entries()).length

describe('sallyport.yaml', () => {
  test.each<[string, string]>([
    ['not YAML', '{{{'],
    ['an unknown key', JSON.stringify({ apiVersion: 'sallyport/v1', sevrers: {} })],
    [
      'a secret that is not there',
      JSON.stringify({
        apiVersion: 'sallyport/v1',
        servers: { erp: { transport: 'http', url: 'http://127.0.0.1:1/', headers: { a: '${env:NO_SUCH_VARIABLE}' } } },
      }),
    ],
    [
      'plain http off this machine',
      JSON.stringify({ apiVersion: 'sallyport/v1', servers: { erp: { transport: 'http', url: 'http://erp.example/mcp' } } }),
    ],
  ])('a file with %s changes nothing, and the record says that it was rejected', async (_, content) => {
    const size = await sizeNow()
    writeFileSync(governed.home.configFile, content)
    await expect.poll(() => verbsSince(size), WAIT).toContain('config.rejected')
    expect((await clerk().call('erp__find')).said).toBe('found')
  })

  test('a file that is gone changes nothing', async () => {
    const size = await sizeNow()
    rmSync(governed.home.configFile)
    await expect.poll(() => verbsSince(size), WAIT).toContain('config.rejected')
    expect((await clerk().call('erp__find')).said).toBe('found')
  })

  test('R041: a good file comes into force whole: a server more, then one less', async () => {
    await expectRefused(governed, spare, { call: () => clerk().call('spare__extra'), reason: 'tool_not_in_manifest' })
    let size = await sizeNow()
    governed.writeConfig({ servers: { erp: { transport: 'http', url: server.url }, spare: { transport: 'http', url: spare.url } } })
    await expect.poll(() => verbsSince(size), WAIT).toContain('config.loaded')
    expect((await clerk().call('spare__extra')).said).toBe('extra')
    size = await sizeNow()
    governed.writeConfig({})
    await expect.poll(() => verbsSince(size), WAIT).toContain('config.loaded')
    const before = spare.calls()
    expect((await clerk().call('spare__extra')).refusal).toBeDefined()
    expect(spare.calls()).toBe(before)
    expect(await clerk().list()).toEqual(['erp__find'])
  })

  test.each<[string, Record<string, never> | object]>([
    ['listens off loopback without TLS', { listen: { host: '0.0.0.0', port: 0 } }],
    ['calls a server over plain http off loopback', { servers: { erp: { transport: 'http', url: 'http://erp.example/mcp' } } }],
    [
      'fetches keys over plain http',
      { issuers: [{ issuer: 'x', jwksUrl: 'http://id.example/keys', audience: 'a', identifies: 'users' }] },
    ],
  ])('R234: a gateway that %s does not start', async (_, config) => {
    const starting = govern({ servers: {}, agents: {}, config: config as Record<string, never> }).then((world) => world.close())
    await expect(starting).rejects.toMatchObject({ code: 'CONFIG_INSECURE' })
  })
})

describe('manifests', () => {
  test('R005 R221: calls during a change are decided by one version or the other, never by a mixture', async () => {
    const before = await governed.control('alice', 'manifest.show', { agent: 'swapped' })
    const size = await sizeNow()
    let isOver = false
    let rounds = 0
    const agent = governed.client('swapped', 'work')
    const driver = (async () => {
      for (; !isOver; rounds++) await Promise.all(['find', 'other', 'find', 'other'].map((name) => agent.call(`erp__${name}`)))
    })()
    await expect.poll(() => rounds, WAIT).toBeGreaterThan(1)
    governed.writeManifest('swapped', { tasks: { work: { tools: reads('erp.other') } } })
    await expect.poll(async () => (await governed.control('alice', 'manifest.show', { agent: 'swapped' }))['version'], WAIT).toBe(2)
    await agent.call('erp__other')
    isOver = true
    await driver
    const decisions = (await governed.entries()).slice(size).flatMap((entry) => (entry.type === 'decision' ? [entry] : []))
    const allowed = (name: string, version: 'first' | 'second') =>
      new Set(
        decisions
          .filter((entry) => entry.action.name === name && (entry.versions.manifest === before['hash']) === (version === 'first'))
          .map((entry) => entry.enforced),
      )
    expect(allowed('find', 'first')).toEqual(new Set(['allow']))
    expect(allowed('other', 'first')).toEqual(new Set(['deny']))
    expect(allowed('other', 'second')).toEqual(new Set(['allow']))
    expect(new Set(decisions.map((entry) => entry.versions.manifest)).size).toBe(2)
  })

  test('R027: a manifest that is not valid, or belongs to another agent, leaves the last good one in force', async () => {
    for (const content of [
      'tasks: [',
      JSON.stringify({ apiVersion: 'sallyport/v1', agent: 'swapped', owner: 'x', purpose: 'x' }),
      JSON.stringify({ apiVersion: 'sallyport/v1', owner: 'x', purpose: 'x' }),
    ]) {
      const size = await sizeNow()
      writeFileSync(join(governed.home.manifestsDir, 'clerk.yaml'), content)
      await expect.poll(() => verbsSince(size), WAIT).toContain('manifest.rejected')
      expect((await clerk().call('erp__find')).said).toBe('found')
    }
  })

  test('R026 R040: an agent whose manifest is gone may do nothing', async () => {
    const size = await sizeNow()
    rmSync(join(governed.home.manifestsDir, 'clerk.yaml'))
    await expect.poll(() => verbsSince(size), WAIT).toContain('manifest.removed')
    await expectRefused(governed, server, { call: () => clerk().call('erp__find'), reason: 'no_manifest' })
    expect(await clerk().list()).toEqual([])
  })
})
