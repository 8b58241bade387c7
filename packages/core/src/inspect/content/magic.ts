import type { ContentType } from './content-type.ts'

/** A format and what its first bytes are, one character a byte. */
interface Magic {
  readonly type: ContentType
  readonly starts: string
  /** Where `starts` stands. */
  readonly at?: number
  /** What must stand elsewhere, too. */
  readonly and?: readonly [at: number, bytes: string]
  /** So short that a text may begin with it: holds only for bytes that are no text. */
  readonly isWeak?: boolean
}

/** @see https://mimesniff.spec.whatwg.org/ and the specifications of the formats. */
const MAGIC: readonly Magic[] = [
  { type: 'pdf', starts: '%PDF-' },
  { type: 'zip', starts: 'PK\x03\x04' },
  { type: 'zip', starts: 'PK\x05\x06' },
  { type: 'png', starts: '\x89PNG\r\n\x1a\n' },
  { type: 'jpeg', starts: '\xff\xd8\xff' },
  { type: 'gif', starts: 'GIF87a' },
  { type: 'gif', starts: 'GIF89a' },
  { type: 'webp', starts: 'RIFF', and: [8, 'WEBP'] },
  { type: 'wav', starts: 'RIFF', and: [8, 'WAVE'] },
  { type: 'tiff', starts: 'II*\0' },
  { type: 'tiff', starts: 'MM\0*' },
  { type: 'bmp', starts: 'BM', isWeak: true },
  { type: 'ico', starts: '\0\0\x01\0' },
  { type: 'heif', starts: 'ftyphei', at: 4 },
  { type: 'heif', starts: 'ftypmif1', at: 4 },
  { type: 'heif', starts: 'ftypavif', at: 4 },
  { type: 'mp4', starts: 'ftyp', at: 4 },
  { type: 'mp3', starts: 'ID3', isWeak: true },
  { type: 'mp3', starts: '\xff\xfb' },
  { type: 'ogg', starts: 'OggS' },
  { type: 'flac', starts: 'fLaC', isWeak: true },
  { type: 'gzip', starts: '\x1f\x8b\x08' },
  { type: 'zstd', starts: '\x28\xb5\x2f\xfd' },
  { type: 'bzip2', starts: 'BZh', and: [4, '1AY&SY'] },
  { type: 'xz', starts: '\xfd7zXZ\0' },
  { type: '7z', starts: "7z\xbc\xaf'\x1c" },
  { type: 'rar', starts: 'Rar!\x1a\x07' },
  { type: 'ole2', starts: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' },
  { type: 'sqlite', starts: 'SQLite format 3\0' },
  { type: 'elf', starts: '\x7fELF' },
  { type: 'pe', starts: 'MZ', isWeak: true },
  { type: 'macho', starts: '\xfe\xed\xfa\xce' },
  { type: 'macho', starts: '\xfe\xed\xfa\xcf' },
  { type: 'macho', starts: '\xce\xfa\xed\xfe' },
  { type: 'macho', starts: '\xcf\xfa\xed\xfe' },
  { type: 'macho', starts: '\xca\xfe\xba\xbe' },
  { type: 'wasm', starts: '\0asm' },
]

/** The format that the first bytes claim. `isText` tells whether they could as well be a text. */
export function byMagic(head: string, isText: boolean): ContentType | undefined {
  return MAGIC.find(
    ({ starts, at = 0, and, isWeak }) =>
      head.startsWith(starts, at) && (!and || head.startsWith(and[1], and[0])) && !(isWeak === true && isText),
  )?.type
}
