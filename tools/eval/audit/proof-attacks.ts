import {
  consistencyProof,
  formatProof,
  fromUtf8,
  parseCheckpoint,
  parseNote,
  parseProof,
  proveEntry,
  tileNodes,
  verifyConsistency,
  verifyProof,
  type EntryProof,
  type TreeHead,
} from '@sallyport/core'
import { KEY, makeLog, ORIGIN, type Files } from '../../../packages/core/src/record/fixtures/memory-log.ts'
import { sampleLog } from './field-attacks.ts'
import { sha } from './judge.ts'

export interface ProofFigures {
  /** Genuine proofs that were accepted. */
  readonly accepted: number
  /** Spoilt ones tried, and those of them that were accepted. */
  readonly spoilt: number
  readonly wrong: readonly string[]
}

const SIZES = [1, 2, 3, 255, 256, 257, 300, 513]
const TRUSTED = { origin: ORIGIN, keys: [KEY], sha }

/** Inclusion and consistency proofs at the boundaries of tiles: genuine ones must hold, each part spoilt in turn must not. */
export async function judgeProofs(): Promise<ProofFigures> {
  const leaves = sampleLog(Math.max(...SIZES))
  const tally = { accepted: 0, spoilt: 0, wrong: [] as string[] }
  const expect = (name: string, held: boolean, wanted: boolean): void => {
    if (wanted) tally.accepted += held ? 1 : 0
    else tally.spoilt++
    if (held !== wanted) tally.wrong.push(name)
  }
  const heads = new Map<number, { files: Files; head: TreeHead }>()
  for (const size of SIZES) {
    const files = await makeLog(leaves.slice(0, size))
    heads.set(size, { files, head: headOf(files) })
    for (const index of new Set([0, 1, size >> 1, size - 2, size - 1].filter((at) => at >= 0 && at < size))) {
      const proof = await proveEntry((path) => files.get(path), index, sha)
      const parsed = parseProof(formatProof(proof))
      expect(`inclusion ${index} of ${size}`, parsed !== undefined && verifyProof(parsed, TRUSTED).ok, true)
      for (const [name, spoilt] of spoiltProofs(proof))
        expect(`inclusion ${index} of ${size}: ${name}`, verifyProof(spoilt, TRUSTED).ok, false)
    }
  }
  for (const [oldSize, { head: old }] of heads) {
    for (const [size, { head: next, files }] of heads) {
      if (oldSize >= size) continue
      const hashes = await consistencyProof(
        oldSize,
        size,
        tileNodes((path) => files.get(path), size, sha),
      )
      expect(`consistency ${oldSize} to ${size}`, verifyConsistency({ old, next }, hashes, sha), true)
      for (const [i, hash] of hashes.entries())
        expect(
          `consistency ${oldSize} to ${size}: hash ${i}`,
          verifyConsistency({ old, next }, hashes.with(i, flipped(hash)), sha),
          false,
        )
      expect(`consistency ${oldSize} to ${size}: cut`, verifyConsistency({ old, next }, hashes.slice(0, -1), sha), false)
      expect(`consistency ${oldSize} to ${size}: longer`, verifyConsistency({ old, next }, [...hashes, next.root], sha), false)
      expect(`consistency ${size} to ${oldSize}`, verifyConsistency({ old: next, next: old }, hashes, sha), false)
      expect(
        `consistency ${oldSize} to ${size}: old root`,
        verifyConsistency({ old: { ...old, root: flipped(old.root) }, next }, hashes, sha),
        false,
      )
    }
  }
  return tally
}

function* spoiltProofs(proof: EntryProof): Generator<readonly [string, EntryProof]> {
  for (const [i, hash] of proof.hashes.entries()) yield [`hash ${i}`, { ...proof, hashes: proof.hashes.with(i, flipped(hash)) }]
  yield ['longer', { ...proof, hashes: [...proof.hashes, new Uint8Array(32)] }]
  if (proof.hashes.length > 0) yield ['cut', { ...proof, hashes: proof.hashes.slice(1) }]
  yield ['index', { ...proof, index: proof.index + 1 }]
  yield ['entry', { ...proof, entry: flipped(proof.entry) }]
  yield ['checkpoint size', { ...proof, checkpoint: proof.checkpoint.replace(/\n(\d+)\n/, '\n1$1\n') }]
  yield ['checkpoint origin', { ...proof, checkpoint: proof.checkpoint.replace(ORIGIN, `${ORIGIN}x`) }]
  yield [
    'checkpoint signature',
    {
      ...proof,
      checkpoint: proof.checkpoint.replace(/(.)(==?\n)$/, (_, char: string, end: string) => `${char === 'A' ? 'Q' : 'A'}${end}`),
    },
  ]
}

export function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1
  return copy
}

export function headOf(files: Files): TreeHead {
  const note = parseNote(fromUtf8(files.get('checkpoint') ?? new Uint8Array()) ?? '')
  const head = note && parseCheckpoint(note.text)
  if (!head) throw new Error('the sample log has no checkpoint')
  return head
}
