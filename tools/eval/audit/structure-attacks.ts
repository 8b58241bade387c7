import { encodeBundle, fromUtf8, TILE_WIDTH, utf8, type LogProblemCode } from '@sallyport/core'
import { type Files, layAll, layEntries, makeLog } from '../../../packages/core/src/record/fixtures/memory-log.ts'
import { sampleLog } from './field-attacks.ts'
import type { Attack } from './judge.ts'

const SIZE = 702
/** The first and last entries of bundles, and one in the middle of each. */
const PLACES = [0, 1, 100, 254, 255, 256, 257, 400, 511, 512, 513, 600, SIZE - 2, SIZE - 1]
const FORGED = utf8('{"forged":true}')

interface Edit {
  readonly name: string
  readonly entries: Uint8Array[]
  readonly reason: LogProblemCode
  readonly index: number
}

/** Entries dropped, changed, swapped, doubled, overwritten, inserted, at every kind of place in a bundle. */
function* edits(entries: readonly Uint8Array[]): Generator<Edit> {
  const last = entries.length - 1
  const at = (index: number): Uint8Array => entries[index] ?? new Uint8Array()
  const put = (index: number, ...replacement: Uint8Array[]): Uint8Array[] => [
    ...entries.slice(0, index),
    ...replacement,
    ...entries.slice(index + 1),
  ]
  for (const index of PLACES) {
    const flipped = at(index).slice()
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1
    yield { name: `byte changed in ${index}`, entries: put(index, flipped), reason: 'entry_changed', index }
    yield { name: `dropped ${index}`, entries: put(index), reason: 'entries_missing', index }
    yield { name: `dropped from ${index} on`, entries: entries.slice(0, index), reason: 'entries_missing', index }
    if (index < last)
      yield {
        name: `swapped ${index}`,
        entries: put(index, at(index + 1), at(index)).toSpliced(index + 2, 1),
        reason: 'entry_swapped',
        index,
      }
    if (index > 0)
      yield {
        name: `overwritten ${index} with its predecessor`,
        entries: put(index, at(index - 1)),
        reason: 'entry_duplicated',
        index,
      }
    yield { name: `doubled ${index}`, entries: put(index, at(index), at(index)), reason: 'entry_duplicated', index: index + 1 }
    yield { name: `forged entry before ${index}`, entries: put(index, FORGED, at(index)), reason: 'entry_inserted', index }
    yield { name: `forged entry in place of ${index}`, entries: put(index, FORGED), reason: 'entry_changed', index }
  }
}

/** What an editor of the files, and one who rewrites the hash tiles as well, leaves behind. */
async function* editAttacks(entries: readonly Uint8Array[]): AsyncGenerator<Attack> {
  for (const edit of edits(entries)) {
    const edited = await makeLog(entries)
    layEntries(edited, edit.entries)
    yield { ...edit, name: `${edit.name}, edited`, files: edited }
    // Bytes alone do not tell where a rewritten tree went wrong: then only the fact is known.
    const isTold = edit.reason !== 'entry_changed' && edit.reason !== 'entry_inserted'
    const rewritten = await makeLog(entries)
    layAll(rewritten, edit.entries)
    if (isTold) yield { ...edit, name: `${edit.name}, tiles rewritten`, files: rewritten }
    yield { name: `${edit.name}, checkpoint gone`, files: withoutCheckpoint(edited), reason: 'checkpoint_missing' }
  }
}

function withoutCheckpoint(files: Files): Files {
  const copy = new Map(files)
  copy.delete('checkpoint')
  return copy
}

/** Whole histories replaced: rolled back, forked, signed by somebody else. Caught by what is held elsewhere. */
async function* historyAttacks(entries: readonly Uint8Array[]): AsyncGenerator<Attack> {
  const note = async (size: number): Promise<string> => noteOf(await makeLog(entries.slice(0, size)))
  const newest = await note(SIZE)
  for (const size of PLACES.slice(1)) {
    const prefix = entries.slice(0, size)
    yield { name: `rolled back to ${size}`, files: await makeLog(prefix), known: [newest], reason: 'rolled_back', index: size }
    yield { name: `foreign key at ${size}`, files: await makeLog(prefix, size, new Uint8Array(32).fill(9)), reason: 'foreign_key' }
    const fork = [...prefix, ...sampleLog(SIZE, 1).slice(size)]
    yield { name: `forked at ${size}`, files: await makeLog(fork), known: [newest], reason: 'rolled_back' }
  }
  yield { name: 'whole log deleted', files: new Map(), known: [newest], reason: 'checkpoint_missing' }
}

/** Every file of the log damaged: cut off, one bit changed, gone. */
async function* fileAttacks(entries: readonly Uint8Array[]): AsyncGenerator<Attack> {
  const whole = await makeLog(entries)
  for (const [path, bytes] of whole) {
    if (path.startsWith('tile/entries/') || path.startsWith('open/') || path === 'checkpoint') continue
    const bits = bytes.slice()
    bits[bits.length >> 1] = (bits[bits.length >> 1] ?? 0) ^ 0x10
    yield { name: `${path} changed`, files: new Map(whole).set(path, bits), reason: 'tile_mismatch' }
    const gone = new Map(whole)
    gone.delete(path)
    yield { name: `${path} gone`, files: gone, reason: 'tile_mismatch' }
    yield { name: `${path} cut off`, files: new Map(whole).set(path, bytes.subarray(0, -1)), reason: 'tile_mismatch' }
  }
  for (const [path, n] of [
    ['tile/entries/000', 0],
    ['tile/entries/001', 1],
    ['open/2', 2],
  ] as const) {
    const end = Math.min(SIZE, (n + 1) * TILE_WIDTH)
    const cut = encodeBundle(entries.slice(n * TILE_WIDTH, end)).subarray(0, -3)
    yield {
      name: `${path} cut off in its last entry`,
      files: new Map(whole).set(path, cut),
      reason: 'file_truncated',
      index: end - 1,
    }
  }
}

/** Every line of the checkpoint changed. */
async function* checkpointAttacks(entries: readonly Uint8Array[]): AsyncGenerator<Attack> {
  const whole = await makeLog(entries)
  const note = noteOf(whole)
  for (let at = 0; at < note.length; at += 3) {
    const spoilt = `${note.slice(0, at)}${note[at] === 'A' ? 'B' : 'A'}${note.slice(at + 1)}`
    const reason = isKeyName(note, at) ? 'foreign_key' : 'checkpoint_invalid'
    yield { name: `checkpoint changed at ${at}`, files: new Map(whole).set('checkpoint', utf8(spoilt)), reason }
  }
}

/** The name and key id in the signature line say whose signature it is; after a change it is somebody else's. */
function isKeyName(note: string, at: number): boolean {
  const line = note.lastIndexOf('\n\n') + 4
  const signature = note.indexOf(' ', line)
  return at >= line && at < signature + 7 && at !== signature
}

export async function* structureAttacks(): AsyncGenerator<Attack> {
  const entries = sampleLog(SIZE)
  yield* editAttacks(entries)
  yield* historyAttacks(entries)
  yield* fileAttacks(entries)
  yield* checkpointAttacks(entries)
}

function noteOf(files: Files): string {
  return fromUtf8(files.get('checkpoint') ?? new Uint8Array()) ?? ''
}
