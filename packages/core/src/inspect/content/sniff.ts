import type { ContentType, SniffedType } from './content-type.ts'
import { byMagic } from './magic.ts'
import { encodingOf, sniffText } from './sniff-text.ts'
import { hasZipEnd, sniffZip } from './sniff-zip.ts'

/** Bytes from the start that are looked at for the format of a text. */
const HEAD_BYTES = 4_096
/** Bytes from the start in which readers of PDF look for its header. @see ISO 32000-1, annex H, note 13. */
const LOOSE_HEAD_BYTES = 1_024

/** What makes a browser, asked to guess, take bytes for a page. */
const PAGE_MARKS = ['<!doctype html', '<html', '<script', '<iframe', '<body']

/** Tells the format of bytes by the bytes alone. Looks at both ends and at an archive's table of contents; bounded. */
export function sniff(bytes: Uint8Array): SniffedType {
  if (bytes.length === 0) return { type: 'empty', also: [] }
  const encoding = encodingOf(bytes)
  const head = latin1(bytes, 0, HEAD_BYTES)
  const magic = byMagic(head, encoding !== undefined)
  if (magic === 'zip') return { type: sniffZip(bytes), also: alsoOf('zip', bytes, head) }
  if (magic) return { type: magic, also: alsoOf(magic, bytes, head) }
  if (!encoding) return { type: 'unknown', also: alsoOf('unknown', bytes, head) }
  // UTF-16 of Latin letters is those letters with zeros between and a mark in front.
  const text = encoding.startsWith('utf-16')
    ? head.replaceAll('\0', '').replace(/^(?:\xff\xfe|\xfe\xff)/, '')
    : head.replace(/^\xef\xbb\xbf/, '')
  return { type: sniffText(text), also: alsoOf('text', bytes, head), encoding }
}

/** What else the bytes can be opened as. */
function alsoOf(type: ContentType, bytes: Uint8Array, head: string): readonly ContentType[] {
  const also: ContentType[] = []
  const loose = head.slice(0, LOOSE_HEAD_BYTES)
  const pdfAt = type === 'pdf' ? -1 : loose.indexOf('%PDF-')
  // A text may speak of PDF, and the first file in an archive may be one.
  const isInText = type === 'text' && pdfAt > 0 && loose[pdfAt - 1] !== '\n' && loose[pdfAt - 1] !== '\r'
  if (pdfAt >= 0 && !isInText && !(type === 'zip' && pdfAt === firstFileAt(bytes))) also.push('pdf')
  if (type !== 'zip' && hasZipEnd(bytes)) also.push('zip')
  if (type !== 'text' && type !== 'zip') {
    const lower = loose.toLowerCase()
    if (PAGE_MARKS.some((mark) => lower.includes(mark))) also.push('html')
  }
  return also
}

/** Where the bytes of the first file in an archive begin. */
function firstFileAt(bytes: Uint8Array): number {
  const size = (at: number) => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
  return 30 + size(26) + size(28)
}

/** Bytes as a string of as many characters. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (const byte of bytes.subarray(start, end)) text += String.fromCharCode(byte)
  return text
}
