import { inflateSync } from 'node:zlib'
import type { Source } from '../read-content.ts'
import { decodeText } from './plain.ts'

/** Most bytes of packed text in a picture, unpacked. */
const TEXT_BYTES_MAX = 1_048_576
/** Most chunks or segments looked at. */
const CHUNKS_MAX = 10_000

/** Text that pictures carry beside what they show. What they show is not read. */
export function readImage(source: Source): void {
  const { sniffed, out } = source
  out.trouble('pixels_unread')
  if (sniffed.type === 'png') readPng(source)
  else if (sniffed.type === 'jpeg') readJpeg(source)
  else out.trouble('unreadable')
}

/** @see PNG, third edition, section 11.3.3 (textual information) and 5.3 (chunks). */
function readPng({ bytes, out }: Source): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 8
  for (let i = 0; i < CHUNKS_MAX && at + 12 <= file.length; i++) {
    const length = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    const end = at + 8 + length
    if (end > file.length) return out.trouble('malformed')
    const chunk = file.subarray(at + 8, end)
    const zero = chunk.indexOf(0)
    const name = chunk.toString('latin1', 0, zero < 0 ? 0 : zero)
    if (type === 'tEXt') out.describe(name, chunk.toString('latin1', zero + 1))
    else if (type === 'zTXt') out.describe(name, inflated(chunk.subarray(zero + 2), out))
    else if (type === 'iTXt') out.describe(name, internationalText(chunk.subarray(zero + 1), out))
    else if (type === 'eXIf') out.describe('Exif', printable(chunk))
    at = end + 4
    if (type === 'IEND') break
  }
  behind(file.subarray(at), out)
}

/** A flag, a method, a language, a translated key word, the text. */
function internationalText(rest: Buffer, out: Source['out']): string {
  const language = rest.indexOf(0, 2)
  const translated = language < 0 ? -1 : rest.indexOf(0, language + 1)
  if (translated < 0) return ''
  const text = rest.subarray(translated + 1)
  return rest[0] === 1 ? inflated(text, out) : text.toString('utf8')
}

function inflated(packed: Uint8Array, out: Source['out']): string {
  try {
    return inflateSync(packed, { maxOutputLength: TEXT_BYTES_MAX }).toString('utf8')
  } catch (error) {
    out.trouble(error instanceof RangeError ? 'unpack_limit' : 'malformed')
    return ''
  }
}

/** @see ITU-T T.81, annex B (markers); Exif 3.0, section 4.7.2; Adobe XMP, part 3, section 1.1.3. */
function readJpeg({ bytes, out }: Source): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 2
  for (let i = 0; i < CHUNKS_MAX && at + 4 <= file.length && file[at] === 0xff; i++) {
    const marker = file[at + 1] ?? 0
    // Behind the start of a scan comes the picture itself.
    if (marker === 0xda || marker === 0xd9) break
    const end = at + 2 + file.readUInt16BE(at + 2)
    const segment = file.subarray(at + 4, end)
    if (marker === 0xfe) out.describe('Comment', decodeText(segment))
    else if (marker >= 0xe1 && marker <= 0xef) out.describe(`APP${marker - 0xe0}`, printable(segment))
    at = end
  }
  const last = file.lastIndexOf(Buffer.of(0xff, 0xd9))
  if (last >= 0) behind(file.subarray(last + 2), out)
}

/** Text behind the end of a picture, which no viewer shows. */
function behind(rest: Buffer, out: Source['out']): void {
  out.hide('trailing', printable(rest))
}

/** Runs of six and more printable characters, in one or two bytes each. */
export function printable(bytes: Buffer): string {
  const text = decodeText(bytes.subarray(0, TEXT_BYTES_MAX)).replaceAll('\0', '')
  return (text.match(/[\t\n\r\x20-\x7e\u00a0-\ud7ff]{6,}/g) ?? []).join('\n')
}
