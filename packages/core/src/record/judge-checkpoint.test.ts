import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../model/bytes.ts'
import { formatAddCheckpoint, parseAddCheckpoint, WITNESS_PROOF_HASHES_MAX } from './add-checkpoint.ts'
import { entriesOf, KEY, makeLog, signHead, type Files } from './fixtures/memory-log.ts'
import { judgeCheckpoint, type WitnessVerdict } from './judge-checkpoint.ts'
import { fromUtf8 } from './text.ts'
import { tileNodes } from './tile-nodes.ts'
import { consistencyProof, rootAt } from './tree-proof.ts'
import type { TreeHead } from './tree-verify.ts'

const SIZE = 700
const ENTRIES = entriesOf(SIZE)
const LOG = await makeLog(ENTRIES)
/** The same length, another entry in the middle: what a forked log looks like. */
const FORK = await makeLog(
  ENTRIES.map((entry, i) => (i === 300 ? utf8((fromUtf8(entry) ?? '').replace('agent-a', 'agent-b')) : entry)),
)
const nodesOf = (files: Files) => tileNodes((path) => files.get(path), SIZE)
const headAt = async (size: number, files = LOG): Promise<TreeHead> => ({ size, root: await rootAt(size, nodesOf(files)) })
const EMPTY = await headAt(0)

interface Asked {
  readonly old: number
  readonly next: number
  readonly latest?: TreeHead | undefined
  readonly files?: Files
  readonly secret?: Uint8Array
  readonly proofOf?: readonly [number, number]
}

async function ask({ old, next, latest, files = LOG, secret, proofOf = [old, next] }: Asked): Promise<WitnessVerdict> {
  const { size, root } = await headAt(next, files)
  const note = secret ? await signHead(size, root, secret) : await signHead(size, root)
  const proof = proofOf[0] <= proofOf[1] ? await consistencyProof(proofOf[0], proofOf[1], nodesOf(files)) : []
  const request = parseAddCheckpoint(formatAddCheckpoint({ oldSize: old, proof, note }))
  if (!request) throw new Error('not read back')
  return judgeCheckpoint(request, { keys: [KEY], ...(latest && { latest }) })
}

test.each([
  [0, 0],
  [0, 1],
  [0, SIZE],
  [1, 2],
  [255, 256],
  [256, 257],
  [300, SIZE],
  [512, SIZE],
  [SIZE, SIZE],
])('R117: a tree that grew from %i to %i is accepted', async (old, next) => {
  const latest = old === 0 ? undefined : await headAt(old)
  expect(await ask({ old, next, latest })).toEqual({ ok: true, head: await headAt(next) })
})

const at400 = await headAt(400)
/** What is asked of a witness that saw 400 entries, the reason it refuses with, the size it tells. */
const REFUSED: readonly (readonly [string, Asked, object])[] = [
  ['a log rolled back', { old: 300, next: 350 }, { reason: 'rolled_back', size: 400 }],
  ['a log started anew', { old: 0, next: 10 }, { reason: 'rolled_back', size: 400 }],
  ['a stale size', { old: 300, next: 500 }, { reason: 'stale_size', size: 400 }],
  ['a size it never saw', { old: 401, next: 500 }, { reason: 'stale_size', size: 400 }],
  ['nothing asked but the size', { old: 0, next: 500 }, { reason: 'stale_size', size: 400 }],
  ['a fork of the same size', { old: 400, next: 400, files: FORK }, { reason: 'fork' }],
  ['a fork that grew, with its own proof', { old: 400, next: 500, files: FORK }, { reason: 'proof_invalid' }],
  ['the proof of another growth', { old: 400, next: 500, proofOf: [399, 500] }, { reason: 'proof_invalid' }],
  ['no proof', { old: 400, next: 500, proofOf: [500, 500] }, { reason: 'proof_invalid' }],
  ['a proof where none belongs', { old: 400, next: 400, proofOf: [300, 400] }, { reason: 'proof_invalid' }],
  ['sizes the wrong way round', { old: 400, next: 300 }, { reason: 'sizes_reversed' }],
  ['a key nobody trusts', { old: 400, next: 500, secret: new Uint8Array(32).fill(9) }, { reason: 'unsigned' }],
]

test.each(REFUSED)('R117: %s is refused', async (_, asked, refusal) => {
  expect(await ask({ latest: at400, ...asked })).toEqual({ ok: false, ...refusal })
})

test('R117: a first request must start at nothing, without a proof, and an empty tree has one root', async () => {
  expect(await ask({ old: 5, next: 10 })).toEqual({ ok: false, reason: 'stale_size', size: 0 })
  expect(await ask({ old: 0, next: 10, proofOf: [5, 10] })).toEqual({ ok: false, reason: 'proof_invalid' })
  const note = await signHead(0, new Uint8Array(32))
  const request = parseAddCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], note }))
  expect(request && judgeCheckpoint(request, { keys: [KEY] })).toEqual({ ok: false, reason: 'root_invalid' })
  expect(EMPTY.size).toBe(0)
})

test('R117: an unknown log is told from a known one, and a forged signature under a trusted key is refused', async () => {
  const { size, root } = await headAt(10)
  const note = await signHead(size, root)
  const request = parseAddCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], note }))
  if (!request) throw new Error('not read back')
  expect(judgeCheckpoint(request, { keys: [] })).toEqual({ ok: false, reason: 'origin_unknown' })
  const forged = { ...request, note: note.replace(`\n${size}\n`, '\n11\n') }
  expect(judgeCheckpoint(forged, { keys: [KEY] })).toEqual({ ok: false, reason: 'signature_wrong' })
  const other = { name: KEY.name, publicKey: ed25519.getPublicKey(new Uint8Array(32).fill(9)) }
  expect(judgeCheckpoint(request, { keys: [other] })).toEqual({ ok: false, reason: 'unsigned' })
})

const NOTE = await signHead(10, new Uint8Array(32))
test.each([
  ['no old size', `\n\n${NOTE}`],
  ['a leading zero', `old 01\n\n${NOTE}`],
  ['a minus', `old -1\n\n${NOTE}`],
  ['a size a double cannot hold', `old 9999999999999999\n\n${NOTE}`],
  ['a hash of another length', `old 1\nAAAA\n\n${NOTE}`],
  ['a carriage return', `old 1\r\n\n${NOTE}`],
  ['no empty line', `old 1\n${NOTE}`],
  ['too many hashes', `old 1\n${`${'A'.repeat(43)}=\n`.repeat(WITNESS_PROOF_HASHES_MAX + 1)}\n${NOTE}`],
  ['no note', 'old 1\n\n'],
  ['a note that is no checkpoint', `old 1\n\n${NOTE.replace('\n10\n', '\nten\n')}`],
])('a request with %s is malformed', (_, body) => {
  expect(parseAddCheckpoint(body)).toBeUndefined()
})

test('no body makes the parser throw, and what it accepts is written back the same', () => {
  const near = fc
    .array(fc.constantFrom('old ', '1', '0', '\n', 'A', `${'A'.repeat(43)}=`, NOTE), { maxLength: 12 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (body) => {
      const request = parseAddCheckpoint(body)
      expect(request ? formatAddCheckpoint(request) : body).toBe(body)
    }),
    { numRuns: 1_000 },
  )
})
