import { setImmediate } from 'node:timers/promises'
import { crc32, inflateRawSync } from 'node:zlib'
import { Zip, ZipDeflate } from 'fflate'

/** Largest archive read. */
export const ZIP_BYTES_MAX = 256 * 1_048_576
/** Most files in one archive. */
const ZIP_FILES_MAX = 25_000
/** Bytes of all files together, unpacked. */
const UNPACKED_BYTES_MAX = 512 * 1_048_576
/** A file may be this many times its packed size, beyond the first bytes. */
const RATIO_MAX = 200
const RATIO_FREE_BYTES = 65_536
const NAME_CHARS_MAX = 100
/** Relative, without `.` and `..`, of characters that mean the same everywhere. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}$/
/** The earliest time that ZIP can say, so that equal files give an equal archive. */
const TIME = new Date(1980, 0, 1)
/** Files packed before others get a turn. */
const STEP = 32

/** Packs files in the order of their names; the same files give the same bytes. */
export async function writeZip(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let failure: Error | null = null
  const zip = new Zip((error, chunk) => {
    failure ??= error
    chunks.push(chunk)
  })
  const sorted = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [i, [name, bytes]] of sorted.entries()) {
    const file = new ZipDeflate(name, { level: 6 })
    file.mtime = TIME
    zip.add(file)
    file.push(bytes, true)
    if (i % STEP === STEP - 1) await setImmediate()
  }
  zip.end()
  if (failure !== null) throw failure as Error
  return new Uint8Array(Buffer.concat(chunks))
}

/**
 * Unpacks an archive that nobody vouches for: bounded in files, bytes and ratio; no name twice, none that leads elsewhere. Its files
 * lie one after another from the first byte to the table of contents, named and sized there as in front of each of them, so that
 * every other program unpacks the same and nothing lies hidden in between.
 * @returns `undefined` for anything else than such an archive.
 * @see PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16; no ZIP64, no encryption, no comment.
 */
export function readZip(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const table = bytes.length > ZIP_BYTES_MAX ? undefined : readTable(archive)
  if (!table) return undefined
  const files = new Map<string, Uint8Array>()
  const names = new Set<string>()
  let total = 0
  let end = 0
  for (const part of table.parts) {
    const { name, size } = part
    total += size
    const isFair = size <= RATIO_FREE_BYTES + part.packed * RATIO_MAX && total <= UNPACKED_BYTES_MAX
    const isNamed = name.length <= NAME_CHARS_MAX && NAME.test(name) && !names.has(name.toLowerCase())
    const start = isFair && isNamed ? dataStart(archive, part, end) : undefined
    const file = start === undefined ? undefined : unpack(archive.subarray(start, start + part.packed), part)
    if (start === undefined || !file) return undefined
    names.add(name.toLowerCase())
    files.set(name, file)
    end = start + part.packed
    if (part.isStreamed) end += archive.readUInt32LE(end) === DESCRIPTOR ? 16 : 12
  }
  return end === table.begin ? files : undefined
}

/** Signatures of the records of an archive. */
const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const DESCRIPTOR = 0x08074b50
const END = 0x06054b50
/** Bytes of these records without what varies. */
const LOCAL_BYTES = 30
const CENTRAL_BYTES = 46
const END_BYTES = 22
/** File type bits of the Unix mode in the external attributes, and what a plain file, or nothing said, has there. */
const TYPE_BITS = 0o170000
const PLAIN_TYPES = new Set([0, 0o100000])

/** One file as the table of contents tells of it. */
interface Part {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly offset: number
  /** Whether its sizes follow its bytes in a descriptor. */
  readonly isStreamed: boolean
}

/** The table of contents, and where it begins. */
function readTable(archive: Buffer): { readonly parts: readonly Part[]; readonly begin: number } | undefined {
  const last = archive.length - END_BYTES
  if (last < 0 || archive.readUInt32LE(last) !== END || archive.readUInt32LE(last + 4) !== 0) return undefined
  const count = archive.readUInt16LE(last + 8)
  const begin = archive.readUInt32LE(last + 16)
  const isWhole = count === archive.readUInt16LE(last + 10) && begin + archive.readUInt32LE(last + 12) === last
  if (!isWhole || count > ZIP_FILES_MAX || archive.readUInt16LE(last + 20) !== 0) return undefined
  const parts: Part[] = []
  let at = begin
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > last || archive.readUInt32LE(at) !== CENTRAL) return undefined
    const nameEnd = at + CENTRAL_BYTES + archive.readUInt16LE(at + 28)
    const flags = archive.readUInt16LE(at + 8)
    if ((flags & 1) === 1 || !PLAIN_TYPES.has((archive.readUInt32LE(at + 38) >>> 16) & TYPE_BITS)) return undefined
    parts.push({
      name: archive.toString('latin1', at + CENTRAL_BYTES, nameEnd),
      method: archive.readUInt16LE(at + 10),
      crc: archive.readUInt32LE(at + 16),
      packed: archive.readUInt32LE(at + 20),
      size: archive.readUInt32LE(at + 24),
      offset: archive.readUInt32LE(at + 42),
      isStreamed: (flags & 8) === 8,
    })
    at = nameEnd + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  return at === last ? { parts, begin } : undefined
}

/** Where the bytes of a file begin, when what stands in front of them at `offset` says the same as the table of contents. */
function dataStart(archive: Buffer, part: Part, offset: number): number | undefined {
  const nameAt = offset + LOCAL_BYTES
  if (part.offset !== offset || nameAt > archive.length || archive.readUInt32LE(offset) !== LOCAL) return undefined
  const nameEnd = nameAt + archive.readUInt16LE(offset + 26)
  const isStreamed = (archive.readUInt16LE(offset + 6) & 8) === 8
  const said = [14, 18, 22].map((at) => archive.readUInt32LE(offset + at))
  const isSame = [part.crc, part.packed, part.size].every((value, i) => said[i] === value || (isStreamed && said[i] === 0))
  const isPart = archive.readUInt16LE(offset + 8) === part.method && archive.toString('latin1', nameAt, nameEnd) === part.name
  const start = nameEnd + archive.readUInt16LE(offset + 28)
  return isSame && isPart && isStreamed === part.isStreamed && start + part.packed <= archive.length - END_BYTES ? start : undefined
}

/** The bytes of a file, when they are as many as said, have the checksum said, and nothing follows them. */
function unpack(packed: Buffer, { method, size, crc }: Part): Uint8Array | undefined {
  const file = method === 0 ? packed : method === 8 ? inflate(packed, size) : undefined
  return file?.length === size && crc32(file) === crc ? new Uint8Array(file) : undefined
}

function inflate(packed: Buffer, size: number): Buffer | undefined {
  try {
    // With `info` the answer also says how much of the input was taken, which its type does not know.
    const { buffer, engine } = inflateRawSync(packed, { maxOutputLength: Math.max(1, size), info: true }) as unknown as {
      readonly buffer: Buffer
      readonly engine: { readonly bytesWritten: number }
    }
    return engine.bytesWritten === packed.length ? buffer : undefined
  } catch {
    return undefined
  }
}
