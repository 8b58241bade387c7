import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatNoteKey } from '@sallyport/core'
import { readZip, writeZip } from '@sallyport/gateway'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../exit-codes.ts'
import { cliHome, finished, startCli, type CliHome, type Ran } from '../../fixtures/cli-home.ts'
import { runCli } from '../../run-cli.ts'

let cli: CliHome
/** A folder of an auditor's machine: nothing of the home is there. */
let desk: string
const at = (name: string): string => join(desk, name)

/** As somebody who has the file and nothing else. */
async function outside(...args: string[]): Promise<Ran> {
  let [out, err] = ['', '']
  const env = { SALLYPORT_HOME: at('no-such-home') }
  const code = await runCli(args, { env, out: (text) => (out += text), err: (text) => (err += text), version: 'test' })
  return { code, out, err }
}
const json = (ran: Ran) => JSON.parse(ran.out) as Record<string, unknown>

beforeAll(async () => {
  desk = mkdtempSync(join(tmpdir(), 'sallyport-desk-'))
  cli = await cliHome()
  await cli.run('agent', 'create', 'buyer')
  await cli.run('isolate', 'buyer', '--reason', 'a test')
  await cli.run('user', 'create', 'eve', '--role', 'engineer')
  writeFileSync(at('log.pub'), (await cli.run('audit', 'key', '--as', 'alice')).out)
})
afterAll(async () => {
  await cli.remove()
  rmSync(desk, { recursive: true, force: true })
})
const as = ['--as', 'alice']

describe('asking the log', () => {
  test('R131 R246: search by who, what and when; it needs a purpose and says how much there is', async () => {
    const ran = await cli.run('audit', 'search', '--verb', 'isolate', '--target', 'buyer', '--purpose', 'review', ...as)
    expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/isolate buyer\n1 of \d+ entries/) as unknown })
    const page = await cli.run(
      'audit',
      'search',
      '--type',
      'admin',
      '--limit',
      '1',
      '--since',
      '2026-01-01',
      '--purpose',
      'review',
      ...as,
    )
    expect(page.out).toMatch(/; go on with --from \d+\n/)
    expect(await cli.run('audit', 'search', '--verb', 'isolate', ...as)).toMatchObject({ code: EXIT_CODES.usage.code })
    expect(await cli.run('audit', 'search', '--since', 'yesterday', '--purpose', 'review', ...as)).toMatchObject({
      code: EXIT_CODES.usage.code,
    })
    expect(await cli.run('audit', 'search', '--subject', 'nobody-we-know', '--purpose', 'review', ...as)).toMatchObject({
      code: EXIT_CODES.refused.code,
    })
  })

  test('R134: an engineer gets nothing of it', async () => {
    for (const args of [
      ['search', '--purpose', 'review'],
      ['completeness'],
      ['config', '--at', '2026-01-01'],
      ['export', '--out', at('x.zip'), '--purpose', 'review'],
    ])
      expect(await cli.run('audit', ...args, '--as', 'eve')).toMatchObject({
        code: EXIT_CODES.refused.code,
        err: expect.stringContaining('IDENTITY_FORBIDDEN') as unknown,
      })
  })

  test('R115: completeness in words', async () => {
    expect(await cli.run('audit', 'completeness', '--purpose', 'review', ...as)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /all agents: 0 allowed \(0 unknown, 0 open\), 0 denied, 0 held\nbalanced, 0 gaps, 0 to look at/,
      ) as unknown,
    })
  })

  test('R185: what was in force now and before anything was', async () => {
    const now = json(await cli.run('audit', 'config', '--at', new Date().toISOString(), '--json', ...as))
    expect(now).toMatchObject({
      state: { isolated: ['buyer'], users: { alice: ['owner', 'engineer'], eve: ['engineer'] }, gateway: { version: '0.1.0' } },
    })
    expect(json(await cli.run('audit', 'config', '--at', '2020-01-01', '--json', ...as))).toMatchObject({
      state: { asOf: -1, users: {} },
    })
  })
})

describe.each([
  ['selection', []],
  ['hashes', ['--complete']],
  ['entries', ['--full', '--state']],
])('R252 R253: a bundle with %s', (coverage, flags) => {
  test('is made by one command and verified by another, elsewhere, with the key alone', async () => {
    const file = at(`${coverage}.zip`)
    const made = await cli.run(
      'audit',
      'export',
      '--verb',
      'isolate',
      '--control',
      'hipaa-04',
      '--out',
      file,
      '--purpose',
      'audit 2026',
      ...flags,
      ...as,
    )
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('verify it: sallyport verify') as unknown })
    const ran = await outside('verify', file, '--key', at('log.pub'), '--json')
    expect(ran.code).toBe(0)
    expect(json(ran)).toMatchObject({
      kind: 'bundle',
      ok: true,
      isAuthentic: true,
      coverage,
      purpose: 'audit 2026',
      items: [{ id: 'export', controls: ['hipaa-04'], selected: 1 }],
    })
    expect((await outside('verify', file, '--key', at('log.pub'))).out).toMatch(
      /^ok {2}sallyport\/[0-9a-f]{16} {2}\d+ entries, bundle made/,
    )
    expect(await cli.run('audit', 'export', '--verb', 'isolate', '--out', file, '--purpose', 'again', ...as)).toMatchObject({
      code: EXIT_CODES.refused.code,
    })
  })

  test('every file changed, removed or added is found, and the code says which', async () => {
    const files = readZip(readFileSync(at(`${coverage}.zip`))) ?? new Map<string, Uint8Array>()
    const verdictOf = async (changed: ReadonlyMap<string, Uint8Array>) => {
      writeFileSync(at('changed.zip'), await writeZip(changed))
      return outside('verify', at('changed.zip'), '--key', at('log.pub'), '--json')
    }
    expect((await verdictOf(files)).code).toBe(0)
    for (const [path, bytes] of files) {
      const changed = await verdictOf(
        new Map(files).set(path, bytes.length === 0 ? Buffer.from('x') : bytes.with(0, (bytes[0] ?? 0) ^ 1)),
      )
      expect(changed.code, path).toBe(EXIT_CODES.refused.code)
      const removed = await verdictOf(new Map([...files].filter(([name]) => name !== path)))
      expect(json(removed), path).toMatchObject({ ok: false, problem: { code: 'file_missing', at: path } })
    }
    expect(json(await verdictOf(new Map(files).set('more.txt', Buffer.from('x'))))).toMatchObject({
      problem: { code: 'file_unlisted' },
    })
  })
})

test('R252: several questions in one bundle, each with its controls', async () => {
  const plan = [
    { id: 'stops', controls: ['hipaa-03'], evidence: 'kill_switch_record', query: { verb: 'isolate' } },
    { id: 'people', controls: ['hipaa-02', 'soc2-04'], query: { verb: 'user.*' } },
  ]
  writeFileSync(at('plan.json'), JSON.stringify(plan))
  expect(
    await cli.run('audit', 'export', '--plan', at('plan.json'), '--out', at('plan.zip'), '--purpose', 'audit', ...as),
  ).toMatchObject({ code: 0 })
  expect(json(await outside('verify', at('plan.zip'), '--key', at('log.pub'), '--json'))).toMatchObject({
    ok: true,
    items: [
      { id: 'stops', evidence: 'kill_switch_record', selected: 1 },
      { id: 'people', selected: 2 },
    ],
  })
  writeFileSync(at('bad.json'), JSON.stringify([{ id: 'A B', query: { name: 'x' } }]))
  expect(
    await cli.run('audit', 'export', '--plan', at('bad.json'), '--out', at('bad.zip'), '--purpose', 'audit', ...as),
  ).toMatchObject({ code: EXIT_CODES.usage.code })
})

describe('R253: sallyport verify, with nothing else there', () => {
  test('no key: what fits together is not called verified', async () => {
    const ran = await outside('verify', at('selection.zip'))
    expect(ran).toMatchObject({
      code: EXIT_CODES.refused.code,
      out: expect.stringContaining('DOES NOT VERIFY: key_unknown') as unknown,
    })
  })

  test('the key of another log', async () => {
    const other = await cliHome()
    writeFileSync(at('other.pub'), (await other.run('audit', 'key')).out)
    await other.remove()
    expect(json(await outside('verify', at('selection.zip'), '--key', at('other.pub'), '--json'))).toMatchObject({
      ok: false,
      problem: { code: 'statement_unsigned' },
    })
  })

  test('a proof and a copied log, told apart by what they are', async () => {
    await cli.run('audit', 'prove', '0', '--out', at('0.proof'), ...as)
    expect(json(await outside('verify', at('0.proof'), '--key', at('log.pub'), '--json'))).toMatchObject({
      kind: 'proof',
      ok: true,
      entry: 0,
    })
    await cli.run('audit', 'export', at('copy'), '--purpose', 'audit', ...as)
    expect(json(await outside('verify', at('copy'), '--key', at('log.pub'), '--json'))).toMatchObject({ kind: 'log', ok: true })
    const proofs = readZip(readFileSync(at('selection.zip')))
    const [name] = [...(proofs?.keys() ?? [])].filter((path) => path.endsWith('.proof'))
    writeFileSync(at('one.proof'), proofs?.get(name ?? '') ?? '')
    expect(json(await outside('verify', at('one.proof'), '--key', at('log.pub'), '--json'))).toMatchObject({
      kind: 'proof',
      ok: true,
    })
  })

  test('a policy of witnesses that nobody met', async () => {
    const key = formatNoteKey({ name: 'w.example', publicKey: new Uint8Array(32).fill(1) }, 'cosignature')
    const ran = await outside('verify', at('selection.zip'), '--key', at('log.pub'), '--witness', key, '--json')
    expect(json(ran)).toMatchObject({ ok: false, problem: { code: 'policy_unmet', detail: '0 of 1' } })
  })

  test.each([
    ['no file', 'missing.zip'],
    ['neither', 'noise'],
  ])('%s', async (_, name) => {
    writeFileSync(at('noise'), 'noise')
    expect((await outside('verify', at(name), '--key', at('log.pub'))).code).not.toBe(0)
  })

  test('a broken archive has a code too', async () => {
    writeFileSync(at('broken.zip'), 'PK\u0003\u0004 and then nothing')
    expect(json(await outside('verify', at('broken.zip'), '--key', at('log.pub'), '--json'))).toMatchObject({
      ok: false,
      problem: { code: 'zip_invalid' },
    })
  })

  test('as a process of its own, in an empty environment', async () => {
    const ran = await finished(startCli(['verify', at('entries.zip'), '--key', at('log.pub')], { HOME: desk }))
    expect(ran).toMatchObject({ code: 0, err: '' })
  })
})
