import {
  formatProof,
  fromUtf8,
  parseBundle,
  parseCheckpoint,
  parseEntry,
  parseHashes,
  parseNote,
  parseNoteKey,
  parseProof,
  parseTilePath,
  proveEntry,
  utf8,
  verifyCheckpoint,
  verifyProof,
} from '@sallyport/core'
import { KEY, makeLog, ORIGIN } from '../../../packages/core/src/record/fixtures/memory-log.ts'
import type { Random } from '../crash/seeded.ts'
import { sampleLog } from './field-attacks.ts'

export interface FuzzFigures {
  readonly rounds: number
  /** Inputs on which a parser threw instead of saying no. */
  readonly thrown: readonly string[]
  /** Changed inputs that were taken for genuine. */
  readonly taken: readonly string[]
}

const TRUSTED = { origin: ORIGIN, keys: [KEY] }
const SIZE = 300

/** Random damage to genuine checkpoints, proofs, tiles, bundles, keys and paths. Nothing may throw, nothing damaged may verify. */
export async function fuzz(rounds: number, random: Random): Promise<FuzzFigures> {
  const files = await makeLog(sampleLog(SIZE))
  const checkpoint = files.get('checkpoint') ?? new Uint8Array()
  const proof = utf8(formatProof(await proveEntry((path) => files.get(path), 77)))
  const tile = files.get('tile/0/000') ?? new Uint8Array()
  const bundle = files.get('tile/entries/000') ?? new Uint8Array()
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  const targets: readonly (readonly [string, Uint8Array, (bytes: Uint8Array) => boolean])[] = [
    ['checkpoint', checkpoint, (bytes) => !('fault' in verifyCheckpoint(text(bytes), TRUSTED))],
    ['note', checkpoint, (bytes) => (parseCheckpoint(parseNote(text(bytes))?.text ?? ''), false)],
    ['proof', proof, (bytes) => isProven(text(bytes))],
    ['tile', tile, (bytes) => (parseHashes(bytes, 256), false)],
    ['bundle', bundle, (bytes) => (parseBundle(bytes).entries.slice(0, 3).map(parseEntry), false)],
    ['key', utf8(`${KEY.name}+00000000+AAAA`), (bytes) => parseNoteKey(text(bytes)) !== undefined],
    ['path', utf8('tile/1/x001/067.p/12'), (bytes) => (parseTilePath(text(bytes)), false)],
  ]
  const thrown: string[] = []
  const taken: string[] = []
  for (let round = 0; round < rounds; round++) {
    const [name, genuine, accepts] = targets[round % targets.length] ?? ['none', new Uint8Array(), () => false]
    const bytes = damaged(genuine, random)
    try {
      if (accepts(bytes) && fromUtf8(bytes) !== fromUtf8(genuine)) taken.push(`${name}, round ${round}`)
    } catch (error) {
      thrown.push(`${name}, round ${round}: ${String(error)}`)
    }
  }
  return { rounds, thrown, taken }
}

/** A second spelling of the same proof may parse; it must then prove the very same entry. */
function isProven(text: string): boolean {
  const parsed = parseProof(text)
  return parsed !== undefined && verifyProof(parsed, TRUSTED).ok
}

/** One to four random edits: bits, bytes, cuts, doubled and moved ranges. */
function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  let out = bytes.slice()
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const at = random(Math.max(1, out.length))
    const length = random(Math.min(64, Math.max(1, out.length - at)))
    const kind = random(5)
    if (kind === 0) out[at] = (out[at] ?? 0) ^ (1 << random(8))
    else if (kind === 1) out[at] = random(256)
    else if (kind === 2) out = out.slice(0, at)
    else if (kind === 3) out = new Uint8Array([...out.slice(0, at), ...out.slice(at, at + length), ...out.slice(at)])
    else out = new Uint8Array([...out.slice(0, at), ...out.slice(at + length)])
  }
  return out
}
