import type { Source } from '../read-content.ts'
import { printable } from './image.ts'

/** Most frames, chunks or blocks looked at. */
const PARTS_MAX = 10_000
/** Frames and blocks that hold a picture. */
const PICTURES: ReadonlySet<string> = new Set(['APIC', 'PIC'])
const FLAC_PICTURE = 6

/** Text that a sound carries beside what is heard. What is heard is not read. */
export function readSound(source: Source): void {
  const { sniffed, bytes, out } = source
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  out.trouble('sound_unread')
  if (sniffed.type === 'mp3') readMp3(file, out)
  else if (sniffed.type === 'wav') readWav(file, out)
  else readFlac(file, out)
}

/** @see ID3v2.3 and ID3v2.4 (structure), sections 3 and 4; ID3v1, the last 128 bytes. */
function readMp3(file: Buffer, out: Source['out']): void {
  const tail = file.subarray(-128)
  if (tail.toString('latin1', 0, 3) === 'TAG') out.describe('ID3v1', printable(tail))
  if (file.toString('latin1', 0, 3) !== 'ID3') return
  const [version = 0, flags = 0] = file.subarray(3).filter((_, i) => i === 0 || i === 2)
  const end = 10 + sevenBits(file, 6)
  // The frames of version 2.2 are shaped otherwise, and an extended header may stand before them: then all of it is one text.
  if (version < 3 || (flags & 0x40) !== 0) return out.describe('ID3v2', printable(file.subarray(10, end)))
  let at = 10
  for (let i = 0; i < PARTS_MAX && at + 10 <= Math.min(end, file.length) && file[at] !== 0; i++) {
    const name = file.toString('latin1', at, at + 4)
    const next = at + 10 + (version === 3 ? file.readUInt32BE(at + 4) : sevenBits(file, at + 4))
    if (next > file.length) return out.trouble('malformed')
    const isPacked = ((file[at + 9] ?? 0) & (version === 3 ? 0xc0 : 0x0c)) !== 0
    if (PICTURES.has(name)) out.trouble('pixels_unread')
    else if (isPacked) out.trouble('unreadable')
    else out.describe(name, frameText(name, file.subarray(at + 10, next)))
    at = next
  }
}

/** A byte that says how the text is written, in some frames a language, then one or several texts. */
function frameText(name: string, frame: Buffer): string {
  const [encoding = 4] = frame
  const hasLanguage = name === 'COMM' || name === 'USLT'
  if (encoding > 3 || !(hasLanguage || /^[TW]/.test(name))) return printable(frame)
  const body = frame.subarray(hasLanguage ? 4 : 1)
  const wide = body.subarray(0, body.length - (body.length % 2))
  const isBigEndian = encoding === 2 || (encoding === 1 && wide[0] === 0xfe)
  const text =
    encoding === 0
      ? body.toString('latin1')
      : encoding === 3
        ? body.toString('utf8')
        : Buffer.from(isBigEndian ? Buffer.from(wide).swap16() : wide).toString('utf16le')
  return text.replaceAll(/[\0\ufeff\ufffe]+/g, '\n')
}

/** @see Multimedia Programming Interface and Data Specifications 1.0, RIFF; everything but the samples may hold text. */
function readWav(file: Buffer, out: Source['out']): void {
  let at = 12
  for (let i = 0; i < PARTS_MAX && at + 8 <= file.length; i++) {
    const name = file.toString('latin1', at, at + 4)
    const end = at + 8 + file.readUInt32LE(at + 4)
    if (name !== 'data' && name !== 'fmt ') out.describe(name, printable(file.subarray(at + 8, end)))
    // Chunks begin at even places.
    at = end + (end % 2)
  }
}

/** @see RFC 9639, section 8 */
function readFlac(file: Buffer, out: Source['out']): void {
  let at = 4
  for (let i = 0; i < PARTS_MAX && at + 4 <= file.length; i++) {
    const head = file[at] ?? 0
    const end = at + 4 + file.readUIntBE(at + 1, 3)
    if ((head & 127) === FLAC_PICTURE) out.trouble('pixels_unread')
    else out.describe(`block ${head & 127}`, printable(file.subarray(at + 4, end)))
    at = end
    if (head >= 128) break
  }
}

/** Four bytes of seven bits each. */
function sevenBits(file: Buffer, at: number): number {
  return [0, 1, 2, 3].reduce((value, i) => value * 128 + ((file[at + i] ?? 0) & 127), 0)
}
