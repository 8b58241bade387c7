import { HASH_BYTES } from './tree.ts'

/** Hashes or entries in a full tile. @see C2SP tlog-tiles */
export const TILE_WIDTH = 256
/** Highest tile level a path can name. */
export const TILE_LEVEL_MAX = 63

/** One tile of the tree, or one bundle of entries. `width` is 256 for a full one. */
export interface TileName {
  readonly level: number | 'entries'
  readonly n: number
  readonly width: number
}

/** Path of a tile below the log's folder, e.g. `tile/1/x001/067` or `tile/entries/000.p/3`. */
export function tilePath(tile: TileName): string {
  const partial = tile.width === TILE_WIDTH ? '' : `.p/${tile.width}`
  return `tile/${tile.level}/${tileNumber(tile.n)}${partial}`
}

/** `undefined` unless `path` is exactly what `tilePath` writes. */
export function parseTilePath(path: string): TileName | undefined {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path)
  if (!match) return undefined
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  const n = Number((match[2] ?? '').replaceAll(/[x/]/g, ''))
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3])
  if (!Number.isSafeInteger(n) || (level !== 'entries' && level > TILE_LEVEL_MAX)) return undefined
  const tile: TileName = { level, n, width }
  return width >= 1 && tilePath(tile) === path && !(match[3] !== undefined && width >= TILE_WIDTH) ? tile : undefined
}

/** Path of the bundle still being filled: same bytes as the entry bundle it becomes. Not part of C2SP. */
export function openBundlePath(n: number): string {
  return `open/${n}`
}

/** Entries as they lie in a bundle: each after its length in two bytes, big-endian. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > 0xffff) throw new RangeError('an entry is over 65,535 bytes')
    bytes[at] = entry.length >> 8
    bytes[at + 1] = entry.length & 255
    bytes.set(entry, at + 2)
    at += 2 + entry.length
  }
  return bytes
}

export interface Bundle {
  readonly entries: readonly Uint8Array[]
  /** Bytes of whole records; less than the length of the file when the last record is incomplete. */
  readonly wholeBytes: number
}

/** Splits a bundle into at most `entriesMax` whole records. Never throws: what follows the last whole record is left over. */
export function parseBundle(bytes: Uint8Array, entriesMax: number = TILE_WIDTH): Bundle {
  const entries: Uint8Array[] = []
  let at = 0
  while (entries.length < entriesMax && at + 2 <= bytes.length) {
    const end = at + 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
    // An entry is a JSON object, so an empty record can only be unwritten space.
    if (end > bytes.length || end === at + 2) break
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return { entries, wholeBytes: at }
}

/** Hashes of a tile; `undefined` unless it holds exactly `width` of them. */
export function parseHashes(bytes: Uint8Array, width: number): Uint8Array[] | undefined {
  if (bytes.length !== width * HASH_BYTES) return undefined
  return Array.from({ length: width }, (_, i) => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES))
}

export function encodeHashes(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES)
  hashes.forEach((hash, i) => bytes.set(hash, i * HASH_BYTES))
  return bytes
}

/** Width of the rightmost tile of a level in a tree of `size` leaves: 0 when the level ends with a full tile. */
export function partialWidth(level: number | 'entries', size: number): number {
  return Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level)) % TILE_WIDTH
}

/** Three digits per path element, all but the last marked with `x`. */
function tileNumber(n: number): string {
  const digits = String(n)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const parts = padded.match(/\d{3}/g) ?? []
  return parts.map((part, i) => (i === parts.length - 1 ? part : `x${part}`)).join('/')
}
