/** Formats that `sniff` tells apart. `ole2` holds the old Office formats and Outlook mail; `unknown` is bytes of no known format. */
export const CONTENT_TYPES = [
  // Text.
  'text',
  'html',
  'svg',
  'xml',
  'json',
  'csv',
  'eml',
  'mbox',
  'rtf',
  // Documents.
  'pdf',
  'docx',
  'xlsx',
  'pptx',
  'odf',
  'epub',
  'ole2',
  'sqlite',
  // Archives.
  'zip',
  'jar',
  'gzip',
  'zstd',
  'bzip2',
  'xz',
  '7z',
  'rar',
  // Images and sound.
  'png',
  'jpeg',
  'gif',
  'webp',
  'tiff',
  'bmp',
  'ico',
  'heif',
  'mp3',
  'mp4',
  'ogg',
  'wav',
  'flac',
  // Programs.
  'elf',
  'pe',
  'macho',
  'wasm',
  'empty',
  'unknown',
] as const
export type ContentType = (typeof CONTENT_TYPES)[number]

/** How the bytes of a text stand for characters. */
export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1'

/** What bytes are, whatever anybody calls them. */
export interface SniffedType {
  readonly type: ContentType
  /** Other formats that some program reads the same bytes as: a polyglot. */
  readonly also: readonly ContentType[]
  /** Set for formats that are text. */
  readonly encoding?: TextEncoding
}
