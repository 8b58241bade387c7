import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteStore, openState, parseManifest, startGateway } from '@sallyport/gateway'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EXIT_CODES } from '../../exit-codes.ts'
import { cliHome, type CliHome } from '../../fixtures/cli-home.ts'
import { unusedGrants } from './unused.ts'

const MANIFEST = `apiVersion: sallyport/v1
agent: buyer
owner: purchasing
purpose: buying
denied: [erp.drop]
tasks:
  # the daily round
  order:
    tools:
      erp.read: { scope: read, tier: low, fields: [id, total], rateLimit: { callsMax: 5 } }
      erp.drop: { scope: read, tier: low, user: required }
      erp.pay:
        { scope: transact, tier: high, domains: [company.com], entities: { department: $user.department }, args: { properties: { amount: { maximum: 500 } } } }
    resources:
      docs.file:///a: {}
    clientFeatures: { sampling: [erp] }
`
const NOW = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g

let cli: CliHome
beforeEach(async () => {
  cli = await cliHome()
})
afterEach(() => cli.remove())

const file = () => join(cli.home.manifestsDir, 'buyer.yaml')
const lines = (text: string) => text.replaceAll(NOW, '<time>').replaceAll(/ +/g, ' ').trimEnd().split('\n')

/** A manifest that has been there for a long time. */
async function oldManifest(): Promise<void> {
  await cli.stop()
  const state = await openState(openSqliteStore(cli.home.stateFile))
  const { manifest, hash } = parseManifest(MANIFEST, 'buyer.yaml')
  await state.transact([
    { op: 'insert', kind: 'manifestVersion', value: { agent: 'buyer', version: 1, hash, manifest, createdMs: 0 } },
  ])
  await state.close()
  cli.write('manifests/buyer.yaml', MANIFEST)
}

test('R010: reach prints every grant and every bound on it', async () => {
  cli.write('manifests/buyer.yaml', MANIFEST)
  expect(lines((await cli.run('manifest', 'reach', 'buyer')).out)).toEqual([
    'buyer v1 not signed',
    'all calls together: 600 calls in 60 s',
    'denied: erp.drop',
    '',
    'task order',
    'WHAT MAY TIER REACHED REVIEWED AS',
    'erp.read read low no: tool_unreviewed not reviewed',
    'erp.drop read low no: explicitly_denied, tool_unreviewed not reviewed',
    'erp.pay transact high no: grant_proposed, tool_unreviewed not reviewed',
    'docs.file:///a resource low yes –',
    'erp sampling – no: feature_not_in_manifest –',
    '',
    'WHAT BOUND VALUE',
    'erp.read fields shown id, total',
    'erp.read calls 5 calls in 60 s',
    'erp.drop only for a verified user',
    'erp.pay recipients at company.com',
    'erp.pay only where department = $user.department',
    'erp.pay number at most amount ≤ 500',
  ])
  const asJson = JSON.parse((await cli.run('manifest', 'reach', 'buyer', '--json')).out) as { tasks: { tools: object[] }[] }
  expect(asJson.tasks[0]?.tools[2]).toMatchObject({ tool: 'erp.pay', waits: true, caps: [{ path: 'amount', max: 500 }] })
  expect(await cli.run('manifest', 'reach', 'ghost')).toMatchObject({ code: EXIT_CODES.refused.code })
})

test('R036: unused lists what was not used and proposes the file without it; only --write changes the file', async () => {
  await oldManifest()
  const ran = await cli.run('manifest', 'unused', 'buyer', '--days', '7')
  expect(lines(ran.out).slice(0, 7)).toEqual([
    expect.stringMatching(
      /^buyer v1: 4 grant\(s\) not used for 7 days, by the log from <time> on \(\d+ entries read\)$/,
    ) as unknown as string,
    'TASK KIND GRANT GRANTED',
    'order tools erp.read <time>',
    'order tools erp.drop <time>',
    'order tools erp.pay <time>',
    'order resources docs.file:///a <time>',
    '',
  ])
  expect(ran.out).toContain('  # the daily round\n')
  expect(readFileSync(file(), 'utf8')).toBe(MANIFEST)
})

test('R036: --write shows what goes, replaces the file in one step, and the new version is in force unsigned', async () => {
  await oldManifest()
  const inode = statSync(file()).ino
  const ran = await cli.run('manifest', 'unused', 'buyer', '--write')
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(lines(ran.out).slice(-5)).toEqual([
    '- tasks.order.tools.erp.read',
    '- tasks.order.tools.erp.drop',
    '- tasks.order.tools.erp.pay',
    '- tasks.order.resources.docs.file:///a',
    `wrote ${file()}: v2 is in force`,
  ])
  const written = readFileSync(file(), 'utf8')
  expect(written).toContain('# the daily round')
  expect(parseManifest(written, file()).manifest.tasks['order']).toMatchObject({
    tools: {},
    resources: {},
    clientFeatures: { sampling: ['erp'] },
  })
  expect(statSync(file()).ino).not.toBe(inode)
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(readdirSync(cli.home.manifestsDir)).toEqual(['buyer.yaml'])
  expect((await cli.run('manifest', 'reach', 'buyer')).out).not.toContain('erp.pay')
  expect((await cli.run('manifest', 'unused', 'buyer', '--write')).out).toContain('nothing to remove')
})

test('R036: with a gateway running, what --write removed is denied from the next call on', async () => {
  await oldManifest()
  const servers = 'servers: { erp: { transport: http, url: "http://127.0.0.1:9/mcp" } }'
  cli.write('sallyport.yaml', `apiVersion: sallyport/v1\nlisten: { port: 0 }\n${servers}\n`)
  const gateway = await startGateway({ homeDir: cli.home.dir, log: () => undefined })
  try {
    const { key } = JSON.parse((await cli.run('agent', 'create', 'buyer', '--task', 'order', '--json')).out) as {
      key: { secret: string }
    }
    const reasons = async (): Promise<string> => {
      const headers = {
        authorization: `Bearer ${key.secret}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'erp__read', arguments: {} } })
      const answer = await fetch(`${gateway.url}/a/buyer/mcp`, {
        method: 'POST',
        headers: { ...headers, 'mcp-protocol-version': '2025-11-25' },
        body,
      })
      return await answer.text()
    }
    expect(await reasons()).not.toContain('tool_not_in_manifest')
    expect((await cli.run('manifest', 'unused', 'buyer', '--write')).out).toContain('v2 is in force')
    expect(await reasons()).toContain('tool_not_in_manifest')
  } finally {
    await gateway.close()
  }
})

test('R036: a file that is not what is in force is not replaced; a young manifest has nothing to lose', async () => {
  await oldManifest()
  const broken = MANIFEST.replace('scope: read', 'scope: reed')
  cli.write('manifests/buyer.yaml', broken)
  expect(await cli.run('manifest', 'unused', 'buyer', '--write')).toMatchObject({ code: EXIT_CODES.config.code })
  expect(readFileSync(file(), 'utf8')).toBe(broken)
  cli.write('manifests/other.yaml', MANIFEST.replace('agent: buyer', 'agent: other'))
  const young = await cli.run('manifest', 'unused', 'other', '--write')
  expect(young.out).toContain('too young to say:\n  order: erp.read, granted')
  expect(young.out).toContain('nothing to remove')
  expect(await cli.run('manifest', 'unused', 'ghost')).toMatchObject({ code: EXIT_CODES.refused.code })
})

test('R036: a long log is asked for part by part, and the counts add up', async () => {
  cli.write('manifests/buyer.yaml', MANIFEST)
  const row = { task: 'order', kind: 'tools', grantedMs: 0 } as const
  const answer = { agent: 'buyer', version: 1, hash: 'h', days: 30, sinceMs: 0, fromMs: 0, entries: 7, young: [] }
  const parts = [
    {
      ...answer,
      unused: [
        { ...row, name: 'erp.read' },
        { ...row, name: 'erp.pay' },
      ],
      next: 50,
    },
    { ...answer, unused: [{ ...row, name: 'erp.pay' }] },
  ]
  const asked: object[] = []
  const call = (_: string, input: object) => Promise.resolve((asked.push(input), parts[asked.length - 1]))
  const client = { home: cli.home, call } as unknown as Parameters<typeof unusedGrants>[1]
  const { text, output } = await unusedGrants({ json: false } as never, client, { agent: 'buyer', options: {} })
  expect(asked).toMatchObject([
    { agent: 'buyer', text: MANIFEST },
    { before: 50, only: [{ name: 'erp.read' }, { name: 'erp.pay' }] },
  ])
  expect(output.entries).toBe(14)
  expect(text).toContain('1 grant(s) not used')
  asked.length = 0
  parts[1] = { ...answer, unused: [], hash: 'other' }
  await expect(unusedGrants({ json: false } as never, client, { agent: 'buyer', options: {} })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
})
