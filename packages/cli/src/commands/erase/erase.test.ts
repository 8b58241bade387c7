import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Governed, govern } from '../../../../gateway/src/fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../../../../gateway/src/fixtures/recording-server.ts'
import { runCli } from '../../run-cli.ts'

const tools = [tool('chart', ({ args }) => text(String(args['note'])))]
let server: RecordingServer
let world: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  world = await govern({
    servers: { ehr: { transport: 'http', url: server.url } },
    reviewed: { ehr: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      nurse: {
        tasks: {
          round: {
            tools: { 'ehr.chart': { scope: 'read', tier: 'low', subject: 'patient', keep: { output: true, class: 'pii' } } },
          },
        },
      },
    },
  })
  for (const user of ['alice', 'bob']) writeKey(user)
  await world.client('nurse', 'round').call('ehr__chart', { patient: 'P-1', note: 'blood group AB' })
})
afterAll(async () => {
  await world.close()
  await server.close()
})

function writeKey(user: string): void {
  const pem = world.people[user]?.export({ type: 'pkcs8', format: 'pem' }) ?? ''
  writeFileSync(world.home.userKeyFile(user), String(pem), { mode: 0o600 })
}

async function run(...args: string[]): Promise<{ code: number; out: string }> {
  let out = ''
  const write = (more: string): void => void (out += more)
  const code = await runCli([...args, '--as', 'bob'], {
    env: { SALLYPORT_HOME: world.home.dir },
    out: write,
    err: write,
    version: 'test',
  })
  return { code, out }
}

describe('R229: erasing from the command line', () => {
  test('content is shown, found, and after the erasure neither; the receipt verifies offline', async () => {
    const [outcome] = (await world.entries()).filter(({ type }) => type === 'outcome').slice(-1)
    const show = () => run('content', 'show', String(outcome?.index), '--purpose', 'a test')
    expect((await show()).out).toContain('blood group AB')
    expect((await run('content', 'find', 'P-1', '--purpose', 'a test')).out).toMatch(
      /pseudonym {2}[0-9a-f]{64}[^]*pii \d{4}-\d\d: 1 contents/,
    )
    expect((await run('erase', '--subject', 'P-1', '--authority', 'GDPR Art. 17', '--dry-run')).out).toContain('would be erased')
    const receipt = join(world.home.dir, 'receipt.txt')
    const key = join(world.home.dir, 'log.pub')
    const erased = await run('erase', '--subject', 'P-1', '--authority', 'GDPR Art. 17', '--out', receipt)
    expect(erased).toMatchObject({ code: 0, out: expect.stringContaining('no older copy of the keys opens any more') })
    writeFileSync(key, (await run('audit', 'key')).out)
    expect((await run('audit', 'verify', '--proof', receipt, '--key', key)).out).toContain('is in the log')
    expect(readFileSync(receipt, 'utf8')).not.toContain('P-1')
    const after = await show()
    expect([after.code === 0, after.out]).toEqual([false, expect.stringContaining('erased')])
    expect((await run('erase', '--subject', 'P-1', '--authority', 'GDPR Art. 17')).out).toContain('nothing is known')
  })
})
