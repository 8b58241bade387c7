import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromBase64, sha256, toHex, utf8 } from '../model/bytes.ts'
import { cosign } from '../record/cosignature.ts'
import { KEY, ORIGIN, signHead } from '../record/fixtures/memory-log.ts'
import { formatKeyStatement } from '../record/key-history.ts'
import { formatNote, parseNote, signNote } from '../record/note.ts'
import { fromUtf8 } from '../record/text.ts'
import { MANIFEST_FILE, STATEMENT_FILE, type BundleManifest, type Coverage } from './bundle-manifest.ts'
import { manifestIn, resigned, type Files } from './fixtures/resign-bundle.ts'
import { minute, SIGN, STORY, storyLog, SUBJECT, wish } from './fixtures/story-log.ts'
import { makeBundle, type BundleWish } from './make-bundle.ts'
import { verifyBundle } from './verify-bundle.ts'

const KEYS = { keys: [KEY] }
const OTHER_SECRET = new Uint8Array(32).fill(7)
const PATIENT = wish({ items: [{ id: 'patient', controls: ['hipaa-06'], query: { subject: SUBJECT } }] })

async function bundle(change: Partial<BundleWish> = {}): Promise<Files> {
  const { source } = await storyLog()
  return new Map(await makeBundle({ ...PATIENT, ...change }, source))
}
const codeOf = (files: Files, trust = KEYS): string => verifyBundle(files, trust).problem?.code ?? 'ok'

describe.each<Coverage>(['selection', 'hashes', 'entries'])('R252 R253: a bundle that discloses %s', (coverage) => {
  test('verifies with the key of the log alone and says what it holds', async () => {
    const files = await bundle({ coverage, window: { since: minute(1), until: minute(10) } })
    const report = verifyBundle(files, KEYS)
    expect(report).toMatchObject({
      ok: true,
      isAuthentic: true,
      origin: ORIGIN,
      size: STORY.length,
      coverage,
      population: 9,
      items: [{ id: 'patient', controls: ['hipaa-06'], sample: 'full', selected: 4 }],
      window: { since: minute(1), until: minute(10), from: 1, to: 10 },
    })
    expect(manifestIn(files).items[0]?.selected).toEqual([2, 3, 4, 8])
    expect(report.disclosed).toBe({ selection: 4, hashes: 6, entries: 11 }[coverage])
  })

  test('any byte changed, any file removed, added or taken from another bundle is named', async () => {
    const files = await bundle({ coverage })
    const other = await bundle({ coverage, items: [{ id: 'other', controls: [], query: { user: 'ann' } }], purpose: 'other' })
    for (const [path, bytes] of files) {
      const place = bytes.length >> 1
      const changed = new Map(files).set(path, bytes.length === 0 ? utf8('x') : bytes.with(place, (bytes[place] ?? 0) ^ 1))
      const removed = new Map(files)
      removed.delete(path)
      expect(codeOf(changed), `changed ${path}`).not.toBe('ok')
      expect(codeOf(removed), `removed ${path}`).toBe('file_missing')
      const foreign = other.get(path)
      if (foreign && toHex(foreign) !== toHex(bytes))
        expect(codeOf(new Map(files).set(path, foreign)), `swapped ${path}`).not.toBe('ok')
    }
    expect(codeOf(new Map(files).set('entries/000000000099.json', utf8('{}')))).toBe('file_unlisted')
    expect(codeOf(new Map(files).set('__proto__', utf8('{}')))).toBe('file_unlisted')
  })

  test('a window made wider or narrower by the owner of the key is found', async () => {
    const files = await bundle({ coverage, window: { since: minute(1), until: minute(10) } })
    const widened = await resigned(files, (m) => ({ ...m, window: { ...m.window, to: 11 } }))
    expect(codeOf(widened)).not.toBe('ok')
    expect(codeOf(await resigned(files, (m) => ({ ...m, window: { ...m.window, from: 3 } })))).not.toBe('ok')
    expect(
      codeOf(
        await resigned(files, (m) => ({ ...m, window: { ...m.window, to: 99 }, population: { ...m.population, entries: 98 } })),
      ),
    ).not.toBe('ok')
    if (coverage !== 'selection')
      expect(codeOf(await resigned(files, (m) => ({ ...m, window: { ...m.window, since: minute(0) } })))).toBe('window_wrong')
  })
})

describe('R253: what even the owner of the key cannot do', () => {
  const item = (m: BundleManifest, change: object) => ({ ...m, items: m.items.map((one) => ({ ...one, ...change })) })
  test.each<[string, Coverage, (files: Files) => void, (manifest: BundleManifest) => object, string]>([
    ['leave an entry of the window out', 'entries', (f) => void f.delete('entries/000000000005.json'), (m) => m, 'file_missing'],
    ['leave out what the query selects', 'entries', () => undefined, (m) => item(m, { selected: [2, 3, 8] }), 'entry_unlisted'],
    [
      'list what the query does not select',
      'entries',
      () => undefined,
      (m) => item(m, { selected: [2, 3, 4, 5, 8] }),
      'proof_invalid',
    ],
    ['ask another question', 'selection', () => undefined, (m) => item(m, { query: { user: 'ann' } }), 'entry_unselected'],
    ['list an entry twice', 'selection', () => undefined, (m) => item(m, { selected: [2, 2, 3, 4, 8] }), 'count_wrong'],
    [
      'count otherwise',
      'selection',
      () => undefined,
      (m) => ({ ...m, population: { ...m.population, entries: 99 } }),
      'count_wrong',
    ],
    ['hide a gap', 'entries', () => undefined, (m) => ({ ...m, population: { ...m.population, refusals: 0 } }), 'state_wrong'],
    [
      'change a leaf of the window',
      'hashes',
      (f) => void f.set('window.leaves', (f.get('window.leaves') ?? utf8('')).with(5, 1)),
      (m) => m,
      'range_invalid',
    ],
    [
      'shorten the window',
      'hashes',
      (f) => void f.set('window.leaves', (f.get('window.leaves') ?? utf8('')).slice(32)),
      (m) => m,
      'range_invalid',
    ],
    ['name another log', 'selection', () => undefined, (m) => ({ ...m, log: { ...m.log, origin: 'other' } }), 'checkpoint_invalid'],
    ['name another size', 'selection', () => undefined, (m) => ({ ...m, log: { ...m.log, size: 11 } }), 'manifest_invalid'],
    ['disclose another entry as context', 'selection', () => undefined, (m) => ({ ...m, context: [2] }), 'entry_unselected'],
    ['say more than the format', 'selection', () => undefined, (m) => ({ ...m, more: 1 }), 'manifest_invalid'],
  ])('%s', async (_, coverage, edit, change, code) => {
    const files = await bundle({ coverage })
    edit(files)
    expect(codeOf(await resigned(files, change))).toBe(code)
  })

  test('write an entry anew: neither its hash nor its proof leads to the checkpoint', async () => {
    const files = await bundle()
    const path = 'entries/000000000002.json'
    const forged = utf8((fromUtf8(files.get(path) ?? utf8('')) ?? '').replace('"ann"', '"eve"'))
    expect(codeOf(await resigned(new Map(files).set(path, forged), (m) => m))).toBe('proof_invalid')
  })
})

test('R253: another key, no key, and the key of the bundle alone', async () => {
  const files = await bundle()
  const other = { name: ORIGIN, publicKey: ed25519.getPublicKey(OTHER_SECRET) }
  expect(codeOf(files, { keys: [other] })).toBe('statement_unsigned')
  expect(codeOf(await resigned(files, (m) => m, { secret: OTHER_SECRET }))).toBe('statement_unsigned')
  expect(verifyBundle(files, {})).toMatchObject({ ok: false, isAuthentic: false, problem: { code: 'key_unknown' }, origin: ORIGIN })
  expect(codeOf(files, { keys: [] })).toBe('statement_unsigned')
})

test('R253: a root that certified the key in the history of the bundle is enough; a key that was rotated out is not', async () => {
  const secret = new Uint8Array(32).fill(5)
  const root = { name: 'root.example', publicKey: ed25519.getPublicKey(secret) }
  const statement = formatKeyStatement({ act: 'certify', origin: ORIGIN, key: KEY, size: 0 })
  const keyHistory = await signNote(statement, root, (bytes) => ed25519.sign(bytes, secret))
  const { source } = await storyLog()
  const files = new Map(await makeBundle(PATIENT, { ...source, keyHistory }))
  expect(verifyBundle(files, { roots: [root] })).toMatchObject({ ok: true, isAuthentic: true })
  expect(verifyBundle(files, { roots: [{ ...root, publicKey: KEY.publicKey }] }).problem?.code).toBe('keys_invalid')
  expect(verifyBundle(files, { keys: [{ ...KEY, to: STORY.length - 1 }] }).problem).toMatchObject({ code: 'statement_unsigned' })
  expect(verifyBundle(files, { keys: [{ ...KEY, to: STORY.length }] }).ok).toBe(true)
})

test('R252: the envelope is DSSE and the statement an in-toto Simple Verification Result', async () => {
  const files = await bundle({ coverage: 'hashes' })
  const envelope = JSON.parse(fromUtf8(files.get(STATEMENT_FILE) ?? utf8('')) ?? '') as {
    payload: string
    payloadType: string
    signatures: { sig: string }[]
  }
  const payload = fromBase64(envelope.payload) ?? utf8('')
  // DSSE v1.0, "Pre-Authentication Encoding", written out once more.
  const signed = utf8(`DSSEv1 28 application/vnd.in-toto+json ${payload.length} ${fromUtf8(payload)}`)
  expect(ed25519.verify(fromBase64(envelope.signatures[0]?.sig ?? '') ?? utf8(''), signed, KEY.publicKey)).toBe(true)
  expect(JSON.parse(fromUtf8(payload) ?? '')).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'manifest.json', digest: { sha256: toHex(sha256(files.get(MANIFEST_FILE) ?? utf8(''))) } }],
    predicateType: 'https://in-toto.io/attestation/svr/v0.2',
    predicate: {
      verifier: { id: 'urn:sallyport:verifier:0.0.0-test', policies: [] },
      timeCreated: minute(60),
      properties: ['SALLYPORT_ENTRIES_IN_LOG', 'SALLYPORT_QUERY_SELECTS', 'SALLYPORT_POPULATION_COUNTED'],
    },
  })
})

describe('witnesses', () => {
  const secret = new Uint8Array(32).fill(9)
  const witness = { name: 'witness.example', publicKey: ed25519.getPublicKey(secret) }
  const cosigned = async (note: string): Promise<string> => {
    const { text = '', signatures = [] } = parseNote(note) ?? {}
    const line = await cosign(text, witness, { timeS: 1_700_000_000, sign: (bytes) => ed25519.sign(bytes, secret) })
    return formatNote({ text, signatures: [...signatures, line] })
  }
  const trust = { ...KEYS, witnesses: [witness], atLeast: 1 }

  test('R253: cosignatures of the checkpoint, or of an earlier one with its consistency proof, are counted', async () => {
    const { source } = await storyLog()
    const now = await makeBundle(PATIENT, { ...source, checkpoint: await cosigned(source.checkpoint) })
    expect(verifyBundle(now, trust)).toMatchObject({ ok: true, cosigned: { names: ['witness.example'], size: STORY.length } })
    const early = (await storyLog(STORY.slice(0, 5))).source.checkpoint
    const before = new Map(await makeBundle(PATIENT, { ...source, cosigned: await cosigned(early) }))
    expect(verifyBundle(before, trust)).toMatchObject({ ok: true, cosigned: { names: ['witness.example'], size: 5 } })
    const fork = await cosigned(await signHead(5, sha256(utf8('another tree'))))
    const forked = await resigned(new Map(before).set('cosigned', utf8(fork)), (m) => m)
    expect(codeOf(forked, trust)).toBe('cosigned_invalid')
  })

  test('R253: a policy that is not met and a wrong cosignature are named', async () => {
    const { source } = await storyLog()
    expect(codeOf(new Map(await makeBundle(PATIENT, source)), trust)).toBe('policy_unmet')
    const note = await cosigned(source.checkpoint)
    const parsed = parseNote(note)
    const wrong = formatNote({
      text: parsed?.text ?? '',
      signatures: (parsed?.signatures ?? []).map((line) =>
        line.name === witness.name ? { ...line, signature: line.signature.with(20, 0) } : line,
      ),
    })
    expect(codeOf(new Map(await makeBundle(PATIENT, { ...source, checkpoint: wrong })), trust)).toBe('cosignature_wrong')
  })
})

test('R286: a bundle tells what was in force when its window began and when it ended', async () => {
  const files = await bundle({ window: { from: 5 }, withState: true })
  expect(manifestIn(files).state).toMatchObject({
    before: { asOf: 4, gateway: { config: 'aa'.repeat(32), version: '1', isRunning: true }, manifests: {} },
    after: { asOf: 11, gateway: { isRunning: false }, manifests: { clerk: { version: 2, signed: true } } },
  })
  expect(codeOf(files)).toBe('ok')
})

test('an empty window is a bundle too', async () => {
  const files = await bundle({ coverage: 'entries', window: { since: minute(2.5), until: minute(2.6) } })
  expect(verifyBundle(files, KEYS)).toMatchObject({ ok: true, population: 0, items: [{ selected: 0 }] })
})

test('a log whose files do not bear its checkpoint out makes no bundle', async () => {
  const { source } = await storyLog()
  const other = await storyLog(STORY.toSpliced(3, 1, STORY[6] as (typeof STORY)[number]))
  await expect(makeBundle(PATIENT, { ...source, files: other.source.files })).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  await expect(makeBundle(PATIENT, { ...source, sign: (bytes) => SIGN(bytes).with(3, 0) })).rejects.toMatchObject({
    code: 'AUDIT_INVALID',
  })
})

describe('R253: hostile bundles', () => {
  test('a window without end costs nothing', async () => {
    const files = await bundle({ coverage: 'entries' })
    const huge = (m: BundleManifest) => ({ ...m, window: { from: 0, to: 2 ** 52 }, log: { ...m.log, size: 2 ** 52 } })
    expect(codeOf(await resigned(files, huge))).toBe('manifest_invalid')
    const note = await signHead(2 ** 52, sha256(utf8('any')))
    const root = toHex(sha256(utf8('any')))
    const forged = await resigned(new Map(files).set('checkpoint', utf8(note)), (m) => ({
      ...huge(m),
      log: { ...m.log, root, size: 2 ** 52 },
    }))
    expect(codeOf(forged)).toBe('window_wrong')
  })

  test('whatever the files hold, there is a verdict and nothing is thrown', async () => {
    const files = await bundle({ coverage: 'hashes', window: { from: 1 } })
    const paths = [...files.keys()]
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.uint8Array({ maxLength: 200 }), fc.jsonValue(), async (at, bytes, value) => {
        const path = paths[at % paths.length] ?? ''
        for (const content of [bytes, utf8(JSON.stringify(value))]) {
          const changed = new Map(files).set(path, content)
          expect(verifyBundle(changed, {}).ok).toBe(false)
          expect(verifyBundle(changed, KEYS).ok).toBe(false)
        }
        // A signed manifest may say other words; it must never break the verifier.
        const said = await resigned(files, (m) => ({ ...m, [Object.keys(m)[at % Object.keys(m).length] ?? '']: value }))
        expect(typeof verifyBundle(said, KEYS).ok).toBe('boolean')
      }),
      { numRuns: 60 },
    )
  })
})

test('R252: a bundle that would be too large is refused, never cut short', async () => {
  const refusal = STORY[6] as (typeof STORY)[number]
  const { source } = await storyLog(
    Array.from({ length: 10_001 }, () => refusal),
    1,
  )
  const all = (id: number) => ({ id: `all-${id}`, controls: [], query: {} })
  const often = { items: Array.from({ length: 11 }, (_, i) => all(i)), window: { to: 10_000 } }
  for (const change of [{ coverage: 'entries' as const }, { items: [all(0)] }, often])
    await expect(makeBundle(wish(change), source)).rejects.toMatchObject({ code: 'REQUEST_PARAMS' })
}, 60_000)
