import type { ContentType } from './content-type.ts'

/** Most names looked at in an archive's table of contents. */
const NAMES_MAX = 2_000
const NAME_BYTES_MAX = 200
/** Bytes of the record that ends an archive, and of the longest comment behind it. @see PKWARE APPNOTE 6.3.10, section 4.3.16. */
const END_BYTES = 22
const COMMENT_BYTES_MAX = 65_535
const CENTRAL_BYTES = 46

/** What an archive is, by the names of its files. */
export function sniffZip(bytes: Uint8Array): ContentType {
  const names = namesOf(bytes)
  const has = (prefix: string) => names.some((name) => name.startsWith(prefix))
  if (has('[Content_Types].xml')) {
    if (has('word/')) return 'docx'
    if (has('xl/')) return 'xlsx'
    if (has('ppt/')) return 'pptx'
  }
  if (has('META-INF/container.xml')) return 'epub'
  if (has('META-INF/manifest.xml') && has('content.xml')) return 'odf'
  if (has('META-INF/MANIFEST.MF') || has('AndroidManifest.xml')) return 'jar'
  return 'zip'
}

/** Whether bytes end like an archive, whatever they begin with: then any program that unpacks takes them for one. */
export function hasZipEnd(bytes: Uint8Array): boolean {
  return zipEnd(bytes) !== undefined
}

/** Where the table of contents begins, when a consistent end of an archive closes the bytes. */
function zipEnd(bytes: Uint8Array): number | undefined {
  const first = Math.max(0, bytes.length - END_BYTES - COMMENT_BYTES_MAX)
  for (let at = bytes.length - END_BYTES; at >= first; at--) {
    if (bytes[at] !== 0x50 || uint32(bytes, at) !== 0x06054b50) continue
    if (at + END_BYTES + uint16(bytes, at + 20) !== bytes.length) continue
    const begin = at - uint32(bytes, at + 12)
    const isTable = begin >= 0 && begin < at && uint32(bytes, begin) === 0x02014b50
    if (isTable) return begin
  }
  return undefined
}

function namesOf(bytes: Uint8Array): readonly string[] {
  const names: string[] = []
  let at = zipEnd(bytes) ?? bytes.length
  while (names.length < NAMES_MAX && at + CENTRAL_BYTES <= bytes.length && uint32(bytes, at) === 0x02014b50) {
    const length = uint16(bytes, at + 28)
    let name = ''
    const start = at + CENTRAL_BYTES
    for (const byte of bytes.subarray(start, start + Math.min(length, NAME_BYTES_MAX))) name += String.fromCharCode(byte)
    names.push(name)
    at = start + length + uint16(bytes, at + 30) + uint16(bytes, at + 32)
  }
  return names
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
}

function uint32(bytes: Uint8Array, at: number): number {
  return (uint16(bytes, at) | (uint16(bytes, at + 2) << 16)) >>> 0
}
