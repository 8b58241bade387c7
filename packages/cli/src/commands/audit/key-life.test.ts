import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCheckpoint, parseNote, readEntries, type Entry } from '@sallyport/core'
import { beginRotation, logReader, openHome, startGateway } from '@sallyport/gateway'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cliHome, type CliHome } from '../../fixtures/cli-home.ts'

let cli: CliHome
beforeEach(async () => {
  cli = await cliHome()
  await cli.stop()
})
afterEach(() => cli.remove())

const at = (name: string): string => join(cli.home.dir, name)
const run = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { code, out, err } = await cli.run(...args, '--json')
  expect(err).toBe('')
  expect(code).toBe(0)
  return JSON.parse(out) as Record<string, unknown>
}
const entries = async (): Promise<Entry[]> => {
  const found: Entry[] = []
  for await (const { entry } of readEntries(logReader(cli.home.logDir))) found.push(entry)
  return found
}
const keyFile = async (name: string): Promise<string> => {
  writeFileSync(at(name), `${(await run('audit', 'key'))['key'] as string}\n`)
  return at(name)
}
const historyFile = async (name: string): Promise<string> => {
  writeFileSync(at(name), (await run('audit', 'keys'))['history'] as string)
  return at(name)
}
const verify = (...args: string[]) => cli.run('audit', 'verify', '--log', cli.home.logDir, '--json', ...args)

test('R117: a rotation is signed by both keys, stands in the log, and the log verifies from its first key on', async () => {
  const first = await keyFile('first.pub')
  const { origin, keys } = (await run('audit', 'rotate-key')) as { origin: string; keys: { from: number; to?: number }[] }
  expect(keys).toMatchObject([{ from: 0 }, { from: (keys[0]?.to ?? 0) + 1 }])
  expect(openHome(cli.home.dir, { create: false }).auditOrigin).toBe(origin)
  const entry = (await entries()).at(-1)
  expect(entry).toMatchObject({ type: 'admin', verb: 'log.key.rotated', target: origin })
  expect((await entries()).some((one) => one.type === 'admin' && one.verb === 'audit.key' && one.actor.id === 'alice')).toBe(true)
  const covering = parseNote(readFileSync(join(cli.home.logDir, 'checkpoint'), 'utf8'))
  expect(covering?.signatures).toHaveLength(2)
  expect((await verify('--key', first)).code).toBe(0)
  const gateway = await startGateway({ homeDir: cli.home.dir, log: () => undefined })
  await gateway.close()
  expect(parseNote(readFileSync(join(cli.home.logDir, 'checkpoint'), 'utf8'))?.signatures).toHaveLength(1)
  expect((await verify('--key', first)).out).toContain('foreign_key')
  const history = await historyFile('history')
  expect((await verify('--key', first, '--keys', history)).code).toBe(0)
  expect((await verify('--key', await keyFile('second.pub'))).code).toBe(0)
  expect(existsSync(at('keys/audit.next.key'))).toBe(false)
})

test('R117: a rotation that a crash cut short is completed by the next start', async () => {
  await run('audit', 'rotate-key')
  // As it lies after the decision and before the log was opened: the new key aside, the old one in place.
  const size = parseCheckpoint(parseNote(readFileSync(join(cli.home.logDir, 'checkpoint'), 'utf8'))?.text ?? '')?.size ?? 0
  await beginRotation(at('keys'), size)
  expect(openHome(cli.home.dir, { create: false }).keyring.retiring).toBeDefined()
  const gateway = await startGateway({ homeDir: cli.home.dir, log: () => undefined })
  await gateway.close()
  const after = openHome(cli.home.dir, { create: false }).keyring
  expect(after.retiring).toBeUndefined()
  expect(after.keys).toHaveLength(3)
  expect((await entries()).filter((one) => one.type === 'admin' && one.verb === 'log.key.rotated')).toHaveLength(2)
  expect((await verify('--key', await keyFile('now.pub'))).code).toBe(0)
})

test('R117 R253: an outsider who trusts the offline root alone derives the keys, and a revoked one counts up to its size only', async () => {
  const first = ((await run('audit', 'key'))['key'] as string).trim()
  const root = (await run('root', 'init', at('root.key'), '--name', 'root/acme'))['key'] as string
  await run('root', 'sign-key', '--root', at('root.key'), '--key', first, '--out', at('certify'))
  await run('audit', 'add-statement', at('certify'), '--root', root)
  expect((await verify('--keys', await historyFile('h1'), '--root', root)).code).toBe(0)
  await cli.run('audit', 'export', at('before'), '--json', '--purpose', 'test')
  await run('audit', 'rotate-key')
  const second = ((await run('audit', 'key'))['key'] as string).trim()
  const revoked = await cli.run(
    'root',
    'revoke-key',
    '--root',
    at('root.key'),
    '--key',
    first,
    '--size',
    '1',
    '--out',
    at('revoke'),
  )
  expect(revoked.code).toBe(0)
  // The key that the stolen one introduced must be certified first, or it goes with it.
  expect((await cli.run('audit', 'add-statement', at('revoke'))).err).toContain('REQUEST_PARAMS')
  await run('root', 'sign-key', '--root', at('root.key'), '--key', second, '--size', '1', '--out', at('certify2'))
  await run('audit', 'add-statement', at('certify2'))
  await run('audit', 'add-statement', at('revoke'))
  const verbs = (await entries()).flatMap((one) => (one.type === 'admin' ? [one.verb] : []))
  expect(verbs).toEqual(expect.arrayContaining(['log.key.certified', 'log.key.rotated', 'log.key.revoked']))
  const history = await historyFile('h2')
  expect((await verify('--keys', history, '--root', root)).code).toBe(0)
  const early = join(at('before'), 'log')
  const old = await cli.run('audit', 'verify', '--log', early, '--keys', history, '--root', root, '--json')
  expect(old.out).toContain('key_out_of_range')
})

test('the key of a running gateway is not touched, and a statement that does not hold is not added', async () => {
  const gateway = await startGateway({ homeDir: cli.home.dir, log: () => undefined })
  try {
    expect((await cli.run('audit', 'rotate-key')).err).toContain('CONFLICT')
  } finally {
    await gateway.close()
  }
  expect((await run('audit', 'keys'))['history']).toBe('')
  writeFileSync(at('nonsense'), 'nonsense\n')
  expect((await cli.run('audit', 'add-statement', at('nonsense'))).code).toBe(2)
  await run('root', 'init', at('other.key'), '--name', 'root/other')
  const key = ((await run('audit', 'key'))['key'] as string).trim()
  expect((await cli.run('audit', 'revoke-key', '--key', key, '--size', '1')).err).toContain('REQUEST_PARAMS')
})

test('R117: a log that is missing from a deployment, or shorter than its list says, is reported', async () => {
  await cli.run('audit', 'export', at('export'), '--purpose', 'test')
  const signer = (await run('root', 'init', at('lists.key'), '--name', 'auditor/lists'))['key'] as string
  await run('audit', 'logs', 'make', at('export'), '--sign', at('lists.key'), '--name', 'acme', '--out', at('list'))
  const flags = ['--list', at('list'), '--signer', signer, '--json']
  expect((await cli.run('audit', 'logs', 'check', at('export'), ...flags)).code).toBe(0)
  const missing = await cli.run('audit', 'logs', 'check', ...flags)
  expect([missing.code, missing.out]).toEqual([1, expect.stringContaining('log_missing')])
  const other = await cliHome()
  await other.stop()
  await other.run('audit', 'export', join(other.home.dir, 'export'), '--purpose', 'test')
  const swapped = await cli.run('audit', 'logs', 'check', join(other.home.dir, 'export'), ...flags)
  expect(swapped.out).toContain('log_unlisted')
  await other.remove()
  writeFileSync(at('list'), readFileSync(at('list'), 'utf8').replace(/ \d+\n\n/, ' 99999\n\n'))
  expect((await cli.run('audit', 'logs', 'check', at('export'), ...flags)).out).toContain('AUDIT_INVALID')
})
