import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { formatNoteKey, formatProof, makeBundle, proveEntry } from '@sallyport/core'
import { writeZip } from '@sallyport/gateway'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { minute, storyLog, wish } from '../../../../core/src/evidence/fixtures/story-log.ts'
import { KEY } from '../../../../core/src/record/fixtures/memory-log.ts'
import { EXIT_CODES } from '../../exit-codes.ts'
import { runCli } from '../../run-cli.ts'

/** A folder of an auditor's machine with what somebody handed over. */
let desk: string
const at = (name: string): string => join(desk, name)
const witness = formatNoteKey({ name: 'w.example', publicKey: new Uint8Array(32).fill(1) }, 'cosignature')

beforeAll(async () => {
  desk = mkdtempSync(join(tmpdir(), 'sallyport-desk-'))
  const { files, source } = await storyLog()
  for (const [path, bytes] of files) {
    mkdirSync(dirname(at(`copy/log/${path}`)), { recursive: true })
    writeFileSync(at(`copy/log/${path}`), bytes)
  }
  const item = { id: 'one', controls: [], query: { user: 'ann' } }
  const twice = await makeBundle(wish({ items: [item, { ...item, id: 'two' }] }), source)
  writeFileSync(at('twice.zip'), await writeZip(twice))
  const early = await makeBundle(wish({ coverage: 'entries', window: { until: minute(600) } }), source)
  writeFileSync(at('early.zip'), await writeZip(early))
  writeFileSync(at('held'), source.checkpoint)
  writeFileSync(at('2.proof'), formatProof(await proveEntry((path) => files.get(path), 2)))
  writeFileSync(at('log.pub'), formatNoteKey(KEY))
})
afterAll(() => rmSync(desk, { recursive: true, force: true }))

async function verify(name: string, ...more: string[]) {
  let [out, err] = ['', '']
  const around = { env: {}, out: (text: string) => (out += text), err: (text: string) => (err += text), version: 'test' }
  const code = await runCli(['verify', at(name), '--key', at('log.pub'), ...more], around)
  return { code, out, err }
}

test('R117 R253: witnesses that are asked for are looked for, in whatever was handed over', async () => {
  for (const name of ['2.proof', 'copy', 'twice.zip']) {
    expect(await verify(name), name).toMatchObject({ code: 0 })
    expect(await verify(name, '--witness', witness), name).toMatchObject({ code: EXIT_CODES.refused.code })
    expect(await verify(name, '--witness', witness, '--at-least', '1'), name).toMatchObject({ code: EXIT_CODES.refused.code })
  }
})

test('R253: an option that says nothing about what was handed over is refused, not ignored', async () => {
  for (const [name, ...more] of [
    ['2.proof', '--known', at('held')],
    ['twice.zip', '--known', at('held')],
    ['2.proof', '--at-least', '1'],
    ['copy', '--at-least', '1'],
    ['twice.zip', '--root', formatNoteKey(KEY)],
    ['copy', '--root', formatNoteKey(KEY)],
  ] as const)
    expect(await verify(name, ...more), `${name} ${more.join(' ')}`).toMatchObject({
      code: EXIT_CODES.usage.code,
      err: expect.stringContaining(more[0]) as unknown,
    })
})

test('R253: the verdict says what was asked and what is not shown, also when two questions have the same answer', async () => {
  const { out } = await verify('twice.zip')
  expect(out).toContain('one: 3 entries where {"user":"ann"}')
  expect(out).toContain('of the other entries it shows nothing')
})

test('R253: options that are about files are refused where no file is named, not ignored', async () => {
  let err = ''
  const around = {
    env: { SALLYPORT_HOME: at('none') },
    out: () => undefined,
    err: (text: string) => (err += text),
    version: 'test',
  }
  expect(await runCli(['audit', 'verify', '--witness', witness], around)).toBe(EXIT_CODES.usage.code)
  expect(err).toContain('--log or --proof')
})

test('R253: a log that ends before the window does is said to', async () => {
  expect((await verify('twice.zip')).out).not.toContain('ends before')
  expect((await verify('early.zip')).out).toContain('the log ends before the window does: of what came later it shows nothing')
})

test('R253: a path that leads nowhere ends without a stack trace', async () => {
  symlinkSync('circle', at('circle'))
  for (const name of ['circle', 'x'.repeat(5_000)]) {
    const { code, err } = await verify(name)
    expect(code).toBe(EXIT_CODES.usage.code)
    expect(err).not.toContain('    at ')
  }
})
