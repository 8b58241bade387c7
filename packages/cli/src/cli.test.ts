import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteStore } from '@sallyport/gateway'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EXIT_CODES } from './exit-codes.ts'
import { cliHome, finished, startCli, type CliHome, type Ran } from './fixtures/cli-home.ts'

const MANIFEST = `apiVersion: sallyport/v1
agent: buyer
owner: purchasing
purpose: buying
tasks: { order: { tools: { erp.read: { scope: read, tier: low }, erp.write: { scope: write, tier: medium, rationale: orders } } } }
`

let cli: CliHome
beforeEach(async () => {
  cli = await cliHome()
})
afterEach(() => cli.remove())

/** Output with what differs from run to run named instead. */
const golden = (text: string) =>
  text
    .replaceAll(/sp_[A-Za-z0-9_-]{43}/g, '<secret>')
    .replaceAll(/key-[0-9a-f]{12}/g, '<key>')
    .replaceAll(/[0-9a-f]{64}/g, '<hash>')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{3})?Z/g, '<time>')
    .replaceAll(cli.home.dir, '<home>')
const json = (ran: Ran): Record<string, never> => JSON.parse(ran.out) as Record<string, never>
const file = (name: string) => join(cli.home.dir, name)

describe('as a process', () => {
  test('R284: help and errors: exit codes, streams, no colours', async () => {
    const env = { PATH: process.env['PATH'] ?? '', SALLYPORT_HOME: file('nowhere') }
    const [help, unknown, option, missing] = await Promise.all(
      [['--help'], ['agnet'], ['agent', 'list', '--colour'], ['agent', 'list']].map((args) => finished(startCli(args, env))),
    )
    expect(help).toMatchObject({ code: 0, err: '' })
    expect(help?.out).toContain('isolate')
    expect(unknown).toMatchObject({ code: EXIT_CODES.usage.code, out: '' })
    expect(option).toMatchObject({ code: EXIT_CODES.usage.code, out: '' })
    expect(missing).toMatchObject({ code: EXIT_CODES.config.code, out: '' })
    expect(missing?.err).toBe(
      `error CONFIG_INVALID: ${file('nowhere')}: no such folder; run "sallyport up" to make a home folder\n  correct the file, then: sallyport doctor\n`,
    )
    // oxlint-disable-next-line no-control-regex
    for (const ran of [help, unknown, option, missing]) expect(`${ran?.out}${ran?.err}`).not.toMatch(/\u001B/)
  })

  test('R284 R022: up serves the control plane over its socket, and ends on SIGTERM', async () => {
    await cli.stop()
    const child = cli.spawn('up', '--json')
    const done = finished(child)
    const [line] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer]
    expect(JSON.parse(line.toString())).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      firstRun: false,
      home: cli.home.dir,
    })
    expect(statSync(cli.home.controlSocket).mode & 0o777).toBe(0o600)
    expect(await cli.run('agent', 'create', 'buyer', '--json')).toMatchObject({ code: 0 })
    const second = await cli.run('up')
    expect(second).toMatchObject({ code: EXIT_CODES.unavailable.code })
    expect(second.err).toContain('error STORE_LOCKED')
    child.kill('SIGTERM')
    expect(await done).toMatchObject({ code: 0, err: '' })
    expect(await cli.run('agent', 'list', '--json')).toMatchObject({ code: 0 })
  })
})

describe('agents and people', () => {
  test('R016 R022: create, rotate, list, revoke', async () => {
    cli.write('manifests/buyer.yaml', MANIFEST)
    expect(golden((await cli.run('agent', 'create', 'buyer', '--task', 'order')).out)).toBe(
      '<secret>\n\nThis key is shown once. <key> works for task order.\n',
    )
    expect(golden((await cli.run('agent', 'rotate', 'buyer', '--ttl', '30d')).out)).toBe(
      '<secret>\n\nThis key is shown once. <key> may only be exchanged for session tokens, until <time>.\n',
    )
    expect(golden((await cli.run('agent', 'list')).out).replaceAll(/ +/g, ' ')).toBe(
      'AGENT STATE MANIFEST KEY TASK KEY STATE EXPIRES\nbuyer active v1 1 proposed <key> order live –\n <key> exchange only live <time>\n',
    )
    expect((await cli.run('agent', 'revoke', 'buyer')).code).toBe(0)
    const { agents } = json(await cli.run('agent', 'list', '--json')) as unknown as { agents: { keys: { state: string }[] }[] }
    expect(agents[0]?.keys.map((key) => key.state)).toEqual(['revoked', 'revoked'])
  })

  test('refused and impossible things: code, words, nothing done', async () => {
    expect(await cli.run('agent', 'create', 'Buyer')).toMatchObject({
      code: EXIT_CODES.usage.code,
      err: expect.stringContaining('error REQUEST_PARAMS: agent.create: agent: must be'),
    })
    expect(await cli.run('agent', 'create', 'buyer', '--ttl', 'soon')).toMatchObject({ code: EXIT_CODES.usage.code })
    expect(await cli.run('agent', 'revoke', 'ghost')).toMatchObject({
      code: EXIT_CODES.refused.code,
      err: expect.stringContaining('error NOT_FOUND'),
    })
    await cli.stop()
    expect(await cli.run('tools', 'list')).toMatchObject({ code: EXIT_CODES.unavailable.code })
    const refused = await cli.run('agent', 'revoke', 'ghost', '--json')
    expect(JSON.parse(refused.out)).toEqual({
      error: { code: 'NOT_FOUND', message: 'no such agent; see "agent list"', todo: expect.any(String) },
    })
    expect(refused.err).toBe('')
  })

  test('R284 R134: an engineer may create agents and may not read the log; who asks must be clear', async () => {
    expect((await cli.run('user', 'create', 'eve', '--role', 'engineer', '--attribute', 'department=x')).code).toBe(0)
    expect(statSync(cli.home.userKeyFile('eve')).mode & 0o777).toBe(0o600)
    expect(await cli.run('agent', 'list')).toMatchObject({
      code: EXIT_CODES.refused.code,
      err: expect.stringContaining('it is not clear who asks; keys in'),
    })
    expect(await cli.run('agent', 'create', 'buyer', '--as', 'eve')).toMatchObject({ code: 0 })
    expect(await cli.run('audit', 'tail', '--as', 'eve')).toMatchObject({
      code: EXIT_CODES.refused.code,
      err: expect.stringContaining(
        'error IDENTITY_FORBIDDEN: audit.tail needs one of the roles owner, security, analyst, auditor, compliance',
      ),
    })
    expect(await cli.run('agent', 'list', '--as', '../alice')).toMatchObject({ code: EXIT_CODES.refused.code })
    expect(await cli.run('user', 'create', 'eve', '--as', 'alice')).not.toMatchObject({ code: 0 })
  })

  test('R022: isolate and release; a hostile reason cannot draw on the terminal', async () => {
    await cli.run('agent', 'create', 'buyer')
    const reason = 'x\u001B[2J\u202Eevil\nAGENT  fake'
    expect((await cli.run('isolate', 'buyer', '--reason', reason)).out).toBe(
      'buyer is isolated: its next call is denied, its streams are cut (epoch 1)\n',
    )
    const listed = await cli.run('agent', 'list')
    expect(listed.out).toContain('x\\u{1b}[2J\\u{202e}evil\\u{a}AGENT  fake')
    expect(listed.out.split('\n')).toHaveLength(3)
    const asJson = await cli.run('agent', 'list', '--json')
    expect(asJson.out).not.toMatch(/\u202E/)
    expect(JSON.stringify(JSON.parse(asJson.out))).toContain('\u202E')
    expect(golden((await cli.run('release', 'buyer', '--reason', 'false alarm')).out)).toBe(
      'buyer may act again\n1 older key(s) stay dead; issue new ones: sallyport agent rotate buyer --task <task>\n',
    )
  })

  test('R016: a home folder or key others can read is refused', async () => {
    chmodSync(cli.home.userKeyFile('alice'), 0o644)
    expect(await cli.run('agent', 'list')).toMatchObject({
      code: EXIT_CODES.config.code,
      err: expect.stringMatching(/error CONFIG_INSECURE: .*alice\.key: .*chmod 600/),
    })
    chmodSync(cli.home.userKeyFile('alice'), 0o600)
    chmodSync(file('keys/gateway.key'), 0o604)
    expect(await cli.run('doctor')).toMatchObject({
      code: EXIT_CODES.refused.code,
      out: expect.stringMatching(/fail {2}home .*chmod 600/),
    })
  })

  test('a home folder another process holds is said to be locked', async () => {
    await cli.stop()
    const store = openSqliteStore(cli.home.stateFile)
    expect(await cli.run('agent', 'list')).toMatchObject({
      code: EXIT_CODES.unavailable.code,
      err: expect.stringContaining('error STORE_LOCKED'),
    })
    await store.close()
  })
})

describe('manifests', () => {
  test('R039 R043: check, diff, two signatures by two people, show', async () => {
    cli.write('manifests/buyer.yaml', MANIFEST)
    await cli.run('user', 'create', 'bob', '--role', 'security')
    const as = (user: string) => ['--as', user]
    expect(golden((await cli.run('manifest', 'check', file('manifests/buyer.yaml'))).out)).toBe(
      'ok  <home>/manifests/buyer.yaml  <hash>  1 to sign\n  tasks.order.tools.erp.write\n',
    )
    expect((await cli.run('manifest', 'diff', 'buyer', ...as('alice'))).out).toContain('proposed: tasks.order.tools.erp.write')
    expect(
      golden((await cli.run('manifest', 'sign', 'buyer', '--role', 'engineer', '--reason', 'needed', ...as('alice'))).out),
    ).toBe('signed buyer v1 <hash> as engineer\nstill needed: security\n')
    expect(await cli.run('manifest', 'sign', 'buyer', '--role', 'security', '--reason', 'again', ...as('alice'))).toMatchObject({
      code: EXIT_CODES.refused.code,
    })
    expect(
      await cli.run('manifest', 'sign', 'buyer', '--role', 'security', '--reason', 'ok', '--hash', 'f'.repeat(64), ...as('bob')),
    ).toMatchObject({ code: EXIT_CODES.refused.code })
    expect((await cli.run('manifest', 'sign', 'buyer', '--role', 'security', '--reason', 'looked', ...as('bob'))).out).toContain(
      'fully signed: in force',
    )
    expect(golden((await cli.run('manifest', 'show', 'buyer', ...as('bob'))).out)).toContain(
      'buyer v1 <hash>\nsigned\n  engineer: alice, <time>: needed\n  security: bob, <time>: looked\n',
    )
  })

  test('R140 R142: a bad manifest fails the check with path and suggestion, without a home folder', async () => {
    cli.write('bad.yaml', MANIFEST)
    expect(await cli.run('manifest', 'check', file('bad.yaml'))).toMatchObject({
      code: EXIT_CODES.refused.code,
      out: expect.stringContaining('must be called buyer.yaml'),
    })
    cli.write('buyer.yaml', MANIFEST.replace('rationale: orders', 'rationalle: orders'))
    expect((await cli.run('manifest', 'check', file('buyer.yaml'))).out).toMatch(/rationalle: unknown key.*rationale/)
    cli.write('buyer.yaml', MANIFEST.replace('scope: write', 'scope: send, requiresHumanApproval: false'))
    expect(await cli.run('manifest', 'check', file('buyer.yaml'), '--json')).toMatchObject({
      code: EXIT_CODES.refused.code,
      out: expect.stringContaining('requiresHumanApproval'),
    })
  })
})

describe('audit', () => {
  test('R134: tail, explain, prove, export; verified offline with only a key; a changed byte is found', async () => {
    await cli.run('agent', 'create', 'buyer')
    expect(
      golden((await cli.run('audit', 'tail')).out)
        .split('\n')
        .slice(0, 2),
    ).toEqual([
      '     0  <time>  admin     done  sallyport  gateway.start',
      '     1  <time>  admin     done  sallyport  user.create alice',
    ])
    expect(golden((await cli.run('explain', '2')).out)).toContain('task: exchange only')
    expect(await cli.run('audit', 'verify')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ok {2}\d+ entries {2}root [0-9a-f]{64}\n {4}\d+ entries durable, \d+ checkpointed\n$/),
    })
    expect((await cli.run('audit', 'key')).out).toMatch(/^sallyport\/[0-9a-f]{16}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+\n$/)
    expect((await cli.run('audit', 'prove', '1', '--out', file('proof'))).code).toBe(0)
    expect((await cli.run('audit', 'export', file('copy'), '--purpose', 'a test')).code).toBe(0)
    const key = ['--key', file('copy/log.pub')]
    expect((await cli.run('audit', 'verify', '--proof', file('proof'), ...key, '--home', '/nowhere')).out).toMatch(
      /^ok {2}entry 1 is in the log of \d+ entries\n$/,
    )
    expect(await cli.run('audit', 'verify', '--log', file('copy/log'), ...key, '--home', '/nowhere')).toMatchObject({ code: 0 })
    flipByte(join(file('copy/log'), newestBundle(file('copy/log'))))
    expect(await cli.run('audit', 'verify', '--log', file('copy/log'), ...key)).toMatchObject({
      code: EXIT_CODES.refused.code,
      out: expect.stringContaining('DOES NOT VERIFY'),
    })
    writeFileSync(file('proof'), readFileSync(file('proof'), 'utf8').replace('index 1', 'index 2'))
    expect(await cli.run('audit', 'verify', '--proof', file('proof'), ...key)).toMatchObject({ code: EXIT_CODES.refused.code })
    expect(await cli.run('audit', 'verify', '--log', file('copy/log'))).toMatchObject({ code: EXIT_CODES.usage.code })
    expect(await cli.run('audit', 'export', file('copy'), '--purpose', 'a test')).toMatchObject({ code: EXIT_CODES.refused.code })
    expect(await cli.run('explain', '99')).toMatchObject({
      code: EXIT_CODES.refused.code,
      err: expect.stringContaining('NOT_FOUND'),
    })
  })
})

describe('every command', () => {
  test.each([
    ['agent', 'create', 'a'],
    ['agent', 'list'],
    ['audit', 'tail'],
    ['doctor'],
    ['explain', '0'],
    ['isolate', 'a', '--reason', 'xyz'],
    ['manifest', 'check', 'f'],
    ['manifest', 'reach', 'a'],
    ['manifest', 'unused', 'a'],
    ['session', 'create', '--agent', 'a', '--task', 't'],
    ['tools', 'list'],
    ['user', 'list'],
  ])('%s %s --schema prints the JSON Schema of its answer', async (...args) => {
    const ran = await cli.run(...args, '--schema')
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(ran.out)).toMatchObject({ $schema: expect.any(String), type: 'object' })
  })

  test('doctor says what it looked at', async () => {
    await cli.stop()
    const ran = await cli.run('doctor', '--json')
    const { checks } = json(ran) as unknown as { checks: { name: string; status: string }[] }
    expect(Object.fromEntries(checks.map((check) => [check.name, check.status]))).toEqual({
      node: 'ok',
      clock: 'ok',
      home: 'ok',
      'user keys': 'ok',
      gateway: 'ok',
      configuration: 'ok',
      port: 'ok',
      manifests: 'warn',
      'audit log': 'ok',
    })
  })
})

/** The newest bundle of entries; older, shorter ones of the same entries may lie beside it. */
function newestBundle(dir: string): string {
  const bundles = (readdirSync(dir, { recursive: true }) as string[]).filter(
    (name) => name.includes('entries') && statSync(join(dir, name)).isFile(),
  )
  return bundles.sort((one, other) => statSync(join(dir, other)).size - statSync(join(dir, one)).size)[0] ?? ''
}

function flipByte(path: string): void {
  const bytes = readFileSync(path)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
