import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTsa, type Tsa } from '../../../../gateway/src/anchors/rfc3161/fixtures/openssl-tsa.ts'
import { openRfc3161Anchor } from '../../../../gateway/src/anchors/rfc3161/index.ts'
import { cliHome, type CliHome } from '../../fixtures/cli-home.ts'

let cli: CliHome
let tsa: Tsa
let key: string[]
const file = (name: string): string => join(cli.home.dir, name)

beforeAll(async () => {
  cli = await cliHome()
  tsa = await startTsa({ key: 'ecdsa' })
  cli.write('roots.pem', tsa.roots)
  cli.write('log.pub', (await cli.run('audit', 'key')).out)
  key = ['--key', file('log.pub')]
  await cli.run('audit', 'verify')
  mkdirSync(file('held'))
  const note = readFileSync(join(cli.home.logDir, 'checkpoint'), 'utf8')
  writeFileSync(file('held/0000'), note)
  const config = { type: 'rfc3161', url: tsa.url, roots: '', everyMs: 1_000, allowPrivateNetwork: false } as const
  const anchor = openRfc3161Anchor(config, { dir: file('stamps'), roots: tsa.roots, randomBytes })
  await anchor.anchor({ note, head: { size: 2, rootHex: '' }, files: () => undefined, since: 0 })
  await anchor.close()
  await cli.stop()
})
afterAll(async () => {
  await tsa?.close()
  await cli?.remove()
})
const verify = (...more: string[]) => cli.run('audit', 'verify', '--log', cli.home.logDir, ...key, ...more)

test('R117: a log is held against a folder of checkpoints and against time stamps', async () => {
  expect(await verify('--known', file('held'))).toMatchObject({ code: 0 })
  expect(await verify('--stamps', file('stamps'), '--stamp-roots', file('roots.pem'))).toMatchObject({ code: 0 })
})

test('R117: what does not hold is said', async () => {
  mkdirSync(file('none'))
  expect((await verify('--known', file('none'))).err).toContain('a folder of')
  expect((await verify('--stamps', file('stamps'))).err).toContain('--stamp-roots')
  const other = await startTsa({ key: 'ecdsa' })
  cli.write('other.pem', other.roots)
  await other.close()
  expect(await verify('--stamps', file('stamps'), '--stamp-roots', file('other.pem'))).toMatchObject({
    code: 1,
    out: expect.stringContaining('chain_wrong'),
  })
  // A checkpoint that is ahead of the log: somebody cut it back.
  const old = file('stamps/0000000000000002.checkpoint')
  const kept = readFileSync(old)
  writeFileSync(old, 'x')
  expect(await verify('--stamps', file('stamps'), '--stamp-roots', file('roots.pem'))).toMatchObject({
    out: expect.stringContaining('imprint_wrong'),
  })
  writeFileSync(old, kept)
})
