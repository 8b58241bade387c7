import { ed25519 } from '@noble/curves/ed25519.js'
import { expect, test } from 'vitest'
import { utf8 } from '../model/bytes.ts'
import { parseAddCheckpoint, formatAddCheckpoint } from './add-checkpoint.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { cosign, cosignaturesOf } from './cosignature.ts'
import { entryState, witnessedSize, type LogSizes } from './entry-state.ts'
import { entriesOf, KEY, makeLog, ORIGIN, type Files } from './fixtures/memory-log.ts'
import { judgeCheckpoint, type WitnessVerdict } from './judge-checkpoint.ts'
import { formatNote, parseNote } from './note.ts'
import { fromUtf8 } from './text.ts'
import { tileNodes } from './tile-nodes.ts'
import { consistencyProof } from './tree-proof.ts'
import type { TreeHead } from './tree-verify.ts'
import { verifyLog } from './verify-log.ts'

const secret = new Uint8Array(32).fill(40)
const witness = { name: 'witness.example/w1', publicKey: ed25519.getPublicKey(secret) }
const noteOf = (files: Files): string => fromUtf8(files.get('checkpoint') ?? new Uint8Array()) ?? ''
const sizeOf = (files: Files): number => parseCheckpoint(parseNote(noteOf(files))?.text ?? '')?.size ?? 0

/** Somebody with the log's key asks the witness to go from what it saw to these files, as well as anyone can. */
async function ask(files: Files, latest: TreeHead | undefined, honestProof = true): Promise<WitnessVerdict> {
  const size = sizeOf(files)
  const old = Math.min(latest?.size ?? 0, size)
  const proof = honestProof
    ? await consistencyProof(
        old,
        size,
        tileNodes((path) => files.get(path), size),
      )
    : []
  const request = parseAddCheckpoint(formatAddCheckpoint({ oldSize: old, proof, note: noteOf(files) }))
  if (!request) throw new Error('not a request')
  return judgeCheckpoint(request, { keys: [KEY], ...(latest && { latest }) })
}

async function cosignedBy(files: Files): Promise<string> {
  const parsed = parseNote(noteOf(files))
  if (!parsed) throw new Error('not a note')
  const line = await cosign(parsed.text, witness, { timeS: 1_800_000_000, sign: (bytes) => ed25519.sign(bytes, secret) })
  return formatNote({ ...parsed, signatures: [...parsed.signatures, line] })
}

const ENTRIES = entriesOf(600)
const HONEST = await makeLog(ENTRIES)
const edited = ENTRIES.map((entry, i) => (i === 200 ? utf8((fromUtf8(entry) ?? '').replace('agent-a', 'agent-b')) : entry))

test('R117: whoever holds the key and shows two histories gets only one of them cosigned', async () => {
  const shown = await ask(HONEST, undefined)
  if (!shown.ok) throw new Error('the honest log was refused')
  const other = await makeLog(edited)
  expect(await verifyLog((path) => other.get(path), { origin: ORIGIN, keys: [KEY] })).toMatchObject({ ok: true })
  expect(await ask(other, shown.head)).toMatchObject({ ok: false, reason: 'fork' })
  const longer = await makeLog([...edited, ...entriesOf(700).slice(600)])
  expect(await ask(longer, shown.head)).toMatchObject({ ok: false, reason: 'proof_invalid' })
})

test('R117: a log that an administrator cut back and signed again verifies alone, and not against what the witness saw', async () => {
  const seen = await cosignedBy(HONEST)
  const short = await makeLog(ENTRIES.slice(0, 500))
  const options = { origin: ORIGIN, keys: [KEY] }
  expect(await verifyLog((path) => short.get(path), options)).toMatchObject({ ok: true, size: 500 })
  const report = await verifyLog((path) => short.get(path), { ...options, known: [seen] })
  expect(report).toMatchObject({ ok: false, problems: [{ reason: 'rolled_back', index: 500 }] })
  expect(cosignaturesOf(seen, [witness])).toHaveLength(1)
  expect(await ask(short, { size: 600, root: new Uint8Array(32) })).toMatchObject({ ok: false, reason: 'rolled_back', size: 600 })
})

test('R117: a log that an administrator rewrote and signed again, at full length, contradicts what the witness saw', async () => {
  const rewritten = await makeLog([...edited, ...entriesOf(650).slice(600)])
  const report = await verifyLog((path) => rewritten.get(path), { origin: ORIGIN, keys: [KEY], known: [await cosignedBy(HONEST)] })
  expect(report).toMatchObject({ ok: false, problems: [{ reason: 'rolled_back' }] })
  expect((await verifyLog((path) => HONEST.get(path), { origin: ORIGIN, keys: [KEY], known: [await cosignedBy(HONEST)] })).ok).toBe(
    true,
  )
})

test.each<[LogSizes, string]>([
  [{ durable: 10, checkpointed: 5 }, 'ccccc durable'],
  [{ durable: 10, checkpointed: 8, witnessed: 5 }, 'wwwww checkpointed'],
  [{ durable: 10, checkpointed: 8, witnessed: 6, anchored: 5 }, 'aaaaa witnessed'],
  [{ durable: 10, checkpointed: 8, witnessed: 2, anchored: 6 }, 'aaaaaa'],
])('R135: the state of an entry follows from the sizes %j', (sizes, expected) => {
  const [first = '', sixth = 'anchored'] = expected.split(' ')
  expect(entryState(4, sizes)[0]).toBe(first[4])
  expect(entryState(5, sizes)).toBe(sixth)
})

test.each([
  [[], 1, 0],
  [[7], 1, 7],
  [[7, 3, 5], 2, 5],
  [[7, 3, 5], 3, 3],
  [[7, 3], 3, 0],
])('R117: of %j, %i witnesses cover %i entries', (sizes, atLeast, covered) => {
  expect(witnessedSize(sizes, atLeast)).toBe(covered)
})
