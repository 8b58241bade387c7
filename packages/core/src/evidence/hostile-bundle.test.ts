import { describe, expect, test } from 'vitest'
import { fromHex, utf8 } from '../model/bytes.ts'
import { signCheckpoint } from '../record/checkpoint.ts'
import { KEY } from '../record/fixtures/memory-log.ts'
import type { BundleManifest } from './bundle-manifest.ts'
import { manifestIn, resigned, type Files } from './fixtures/resign-bundle.ts'
import { minute, SIGN, storyLog, SUBJECT, wish } from './fixtures/story-log.ts'
import { makeBundle, type BundleWish } from './make-bundle.ts'
import { verifyBundle } from './verify-bundle.ts'

const KEYS = { keys: [KEY] }
const PATIENT = wish({ items: [{ id: 'patient', controls: [], query: { subject: SUBJECT } }] })

async function bundle(change: Partial<BundleWish> = {}): Promise<Files> {
  const { source } = await storyLog()
  return new Map(await makeBundle({ ...PATIENT, ...change }, source))
}
const problemOf = (files: Files, trust = KEYS) => verifyBundle(files, trust).problem

describe('R253: what the owner of the key cannot slip in', () => {
  test('a file that nothing in the bundle calls for, such as an entry that is in no log', async () => {
    const files = await bundle()
    for (const path of ['entries/000000000099.json', 'entries/000000000000.json', 'Manifest.json', 'window.leaves', 'report.pdf'])
      expect(problemOf(await resigned(new Map(files).set(path, utf8('{}')), (m) => m)), path).toMatchObject({
        code: 'file_unlisted',
        at: path,
      })
  })

  test('a question that looks at another window than the bundle', async () => {
    const files = await bundle({ coverage: 'entries' })
    const narrowed = (m: BundleManifest) => ({
      ...m,
      items: m.items.map((item) => ({ ...item, query: { ...item.query, to: 3 }, selected: [2] })),
    })
    expect(problemOf(await resigned(files, narrowed))?.code).toBe('manifest_invalid')
  })

  test('a selected entry left out with the decision it is judged by, which lies before the window', async () => {
    const window = { since: minute(5) }
    const files = await bundle({ coverage: 'entries', window })
    expect(manifestIn(files)).toMatchObject({ items: [{ selected: [8] }], context: [4] })
    expect(problemOf(files)).toBeUndefined()
    const later = await bundle({ coverage: 'entries', window: { since: minute(7) } })
    for (const path of ['entries/000000000004.json', 'proofs/000000000004.proof', 'proofs/000000000008.proof']) later.delete(path)
    const hidden = await resigned(later, (m) => ({
      ...m,
      items: m.items.map((item) => ({ ...item, selected: [] })),
      context: [],
    }))
    expect(problemOf(hidden)).toMatchObject({ code: 'file_missing', at: 'entries/000000000004.json' })
  })

  test('the name of a log that the trusted key is not of', async () => {
    const files = await bundle({ coverage: 'entries', items: [{ id: 'none', controls: [], query: { tool: 'none' } }] })
    const { size, root } = manifestIn(files).log
    const origin = 'sallyport.local/other'
    const note = await signCheckpoint({ origin, size, root: fromHex(root) }, KEY, SIGN)
    const named = await resigned(new Map(files).set('checkpoint', utf8(note)), (m) => ({ ...m, log: { ...m.log, origin } }))
    expect(problemOf(named)?.code).toBe('checkpoint_invalid')
    expect(problemOf(files, { keys: [{ ...KEY, name: origin }] })?.code).toBe('statement_unsigned')
  })

  test('pruning that cannot have been, to leave out what stands before the window', async () => {
    const files = await bundle({ coverage: 'entries', window: { since: minute(5) } })
    for (const path of ['proofs/000000000004.proof', 'entries/000000000004.json']) expect(files.has(path)).toBe(true)
    for (const prunedTo of [5, 256])
      expect(
        problemOf(await resigned(files, (m) => ({ ...m, log: { ...m.log, prunedTo }, boundary: [] })))?.code,
        String(prunedTo),
      ).toBe('manifest_invalid')
  })

  test('a state under the hash of another', async () => {
    const files = await bundle({ withState: true })
    const swapped = await resigned(files, (m) => ({ ...m, state: { ...m.state, beforeHash: m.state?.afterHash } }))
    expect(problemOf(swapped)?.code).toBe('manifest_invalid')
  })

  test('two properties that read like one, a second subject, another order', async () => {
    const files = await bundle({ coverage: 'hashes' })
    const said = [
      (p: string[]) => [p.join(' ')],
      (p: string[]) => p.toReversed(),
      (p: string[]) => [...p, 'SALLYPORT_WINDOW_COMPLETE'],
    ]
    for (const change of said) {
      const say = (s: { predicate: { properties: string[] } }) => ({
        ...s,
        predicate: { ...s.predicate, properties: change(s.predicate.properties) },
      })
      expect(problemOf(await resigned(files, (m) => m, { say }))?.code).toBe('statement_invalid')
    }
    const extra = (s: { subject: object[] }) => ({ ...s, subject: [...s.subject, ...s.subject] })
    expect(problemOf(await resigned(files, (m) => m, { say: extra }))?.code).toBe('manifest_changed')
  })
})

test('R253: a file of half a gigabyte where a page is expected is not read, and nothing is thrown', async () => {
  const files = await bundle()
  const huge = new Uint8Array(2 ** 29)
  const root = { name: 'root.example', publicKey: KEY.publicKey }
  expect(verifyBundle(new Map(files).set('keys.history', huge), { roots: [root] }).problem?.code).toBe('keys_invalid')
  expect(verifyBundle(new Map(files).set('keys.txt', huge), {}).problem?.code).toBe('statement_unsigned')
})

describe('R252 R253: bundles that are right', () => {
  test('the report says which question was asked', async () => {
    expect(verifyBundle(await bundle(), KEYS).items).toMatchObject([{ id: 'patient', query: { subject: SUBJECT }, selected: 4 }])
  })

  test.each([
    [{ from: 5 }, { from: 5, to: 12 }],
    [
      { since: minute(1), from: 5 },
      { from: 5, to: 12 },
    ],
    [
      { until: minute(10), to: 6 },
      { from: 0, to: 6 },
    ],
    [
      { since: minute(5), from: 1, until: minute(9), to: 11 },
      { since: minute(5), until: minute(9), from: 5, to: 9 },
    ],
  ])('a window of %j, in time and in indexes', async (window, stated) => {
    for (const coverage of ['selection', 'hashes', 'entries'] as const) {
      const files = await bundle({ coverage, window })
      expect(problemOf(files)).toBeUndefined()
      expect(manifestIn(files).window).toEqual(stated)
    }
  })

  test('R286: of an empty window it tells what was in force all the same', async () => {
    const files = await bundle({ window: { since: minute(2.5), until: minute(2.6) }, withState: true })
    const { state } = manifestIn(files)
    expect(state?.before).toMatchObject({ asOf: 2, gateway: { isRunning: true } })
    expect(state?.before).toEqual(state?.after)
  })
})
