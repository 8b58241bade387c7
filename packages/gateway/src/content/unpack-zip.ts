import { inflateRawSync } from 'node:zlib'
import type { ContentProblem } from '@sallyport/core'
import type { Budget } from './limits.ts'

/** A file of an archive. */
export interface ZipFile {
  readonly name: string
  /** Unpacks it; a problem when it is larger than allowed or not what the archive says. */
  readonly unpack: () => Uint8Array | ContentProblem
}

export interface ZipContents {
  readonly files: readonly ZipFile[]
  readonly problems: ReadonlySet<ContentProblem>
}

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const LOCAL_BYTES = 30
const CENTRAL_BYTES = 46
const END_BYTES = 22
const COMMENT_BYTES_MAX = 65_535
const ZIP64 = 0xffffffff

/** One file as the table of contents tells of it. */
interface Entry {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly packed: number
  readonly size: number
  readonly offset: number
}

/**
 * The files of an archive that nobody vouches for. No two share bytes, none is larger than the budget allows, all are named as in
 * front of their bytes: what is otherwise is left out and said.
 * @see PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export function openZip(bytes: Uint8Array, budget: Budget): ZipContents {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const problems = new Set<ContentProblem>()
  const table = readTable(archive, budget.limits.filesMax)
  if (!table) return { files: [], problems: problems.add('malformed') }
  if (table.isCut) problems.add('unpack_limit')
  const files: ZipFile[] = []
  const names = new Set<string>()
  let end = 0
  for (const entry of table.entries.toSorted((a, b) => a.offset - b.offset)) {
    const start = dataStart(archive, entry)
    if (names.has(entry.name) || start === undefined) problems.add('malformed')
    else if (entry.offset < end || start + entry.packed > table.begin) problems.add('overlapping_entries')
    else if (!entry.name.endsWith('/')) files.push({ name: entry.name, unpack: () => unpack(archive, { entry, start, budget }) })
    names.add(entry.name)
    end = Math.max(end, (start ?? 0) + entry.packed)
  }
  return { files, problems }
}

/** The table of contents; what stands in front of the archive moves every offset. */
function readTable(
  archive: Buffer,
  filesMax: number,
): { readonly entries: readonly Entry[]; readonly begin: number; readonly isCut: boolean } | undefined {
  const last = findEnd(archive)
  if (last === undefined) return undefined
  const begin = last - archive.readUInt32LE(last + 12)
  const shift = begin - archive.readUInt32LE(last + 16)
  const entries: Entry[] = []
  let at = begin
  while (at >= 0 && at + CENTRAL_BYTES <= last && archive.readUInt32LE(at) === CENTRAL && entries.length <= filesMax) {
    const nameEnd = at + CENTRAL_BYTES + archive.readUInt16LE(at + 28)
    entries.push({
      name: archive.toString('utf8', at + CENTRAL_BYTES, nameEnd),
      flags: archive.readUInt16LE(at + 8),
      method: archive.readUInt16LE(at + 10),
      packed: archive.readUInt32LE(at + 20),
      size: archive.readUInt32LE(at + 24),
      offset: archive.readUInt32LE(at + 42) + shift,
    })
    at = nameEnd + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  const isCut = entries.length > filesMax
  return isCut || at === last ? { entries: entries.slice(0, filesMax), begin, isCut } : undefined
}

function findEnd(archive: Buffer): number | undefined {
  const first = Math.max(0, archive.length - END_BYTES - COMMENT_BYTES_MAX)
  for (let at = archive.length - END_BYTES; at >= first; at--)
    if (archive.readUInt32LE(at) === END && at + END_BYTES + archive.readUInt16LE(at + 20) <= archive.length) return at
  return undefined
}

/** Where the bytes of a file begin, when it has the same name in front of them. */
function dataStart(archive: Buffer, { offset, name }: Entry): number | undefined {
  const nameAt = offset + LOCAL_BYTES
  if (offset < 0 || nameAt > archive.length || archive.readUInt32LE(offset) !== LOCAL) return undefined
  const nameEnd = nameAt + archive.readUInt16LE(offset + 26)
  return archive.toString('utf8', nameAt, nameEnd) === name ? nameEnd + archive.readUInt16LE(offset + 28) : undefined
}

function unpack(
  archive: Buffer,
  { entry, start, budget }: { readonly entry: Entry; readonly start: number; readonly budget: Budget },
): Uint8Array | ContentProblem {
  const { flags, method, packed, size } = entry
  if ((flags & 1) === 1) return 'encrypted'
  if (packed === ZIP64 || size === ZIP64 || (method !== 0 && method !== 8)) return 'unreadable'
  if (size > budget.unpackMax(packed)) return 'unpack_limit'
  budget.takeUnpacked(size)
  const stored = archive.subarray(start, start + packed)
  try {
    const file = method === 0 ? stored : inflateRawSync(stored, { maxOutputLength: Math.max(1, size) })
    return file.length === size ? file : 'malformed'
  } catch {
    // More than it says to be, or not packed at all: what other programs make of it is anybody's guess.
    return 'malformed'
  }
}
