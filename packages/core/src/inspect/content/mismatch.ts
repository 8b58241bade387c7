import type { ContentType, SniffedType } from './content-type.ts'

/**
 * Why a declared type is not to be believed. `executable_content`: a program under another name. `active_content`: a page under a
 * name that promises none. `polyglot`: the bytes can be opened as more than one format. `type_mismatch`: any other difference.
 */
export const MISMATCHES = ['executable_content', 'active_content', 'polyglot', 'type_mismatch'] as const
export type Mismatch = (typeof MISMATCHES)[number]

const PROGRAMS: ReadonlySet<ContentType> = new Set(['elf', 'pe', 'macho', 'wasm'])
const PAGES: ReadonlySet<ContentType> = new Set(['html', 'svg'])
const ZIPS: readonly ContentType[] = ['zip', 'docx', 'xlsx', 'pptx', 'odf', 'epub', 'jar']
/** Texts that no program runs. */
const PLAIN: readonly ContentType[] = ['text', 'csv', 'json', 'xml', 'eml', 'mbox', 'rtf', 'empty']
const SOUND: readonly ContentType[] = ['mp3', 'mp4', 'ogg', 'wav', 'flac']

/** Formats that a media type promises. @see https://www.iana.org/assignments/media-types/ */
const PROMISED: Readonly<Record<string, readonly ContentType[]>> = {
  'application/pdf': ['pdf'],
  'application/json': ['json'],
  'application/xml': ['xml', 'svg'],
  'application/xhtml+xml': ['html', 'xml'],
  'application/rtf': ['rtf'],
  'text/rtf': ['rtf'],
  'text/xml': ['xml', 'svg'],
  'text/html': ['html', 'text', 'xml'],
  'text/csv': ['csv', 'text'],
  'text/markdown': [...PLAIN, 'html', 'svg'],
  'message/rfc822': ['eml', 'mbox'],
  'application/mbox': ['mbox'],
  'application/zip': ZIPS,
  'application/x-zip-compressed': ZIPS,
  'application/java-archive': ['jar', 'zip'],
  'application/epub+zip': ['epub'],
  'application/gzip': ['gzip'],
  'application/x-gzip': ['gzip'],
  'application/zstd': ['zstd'],
  'application/x-bzip2': ['bzip2'],
  'application/x-xz': ['xz'],
  'application/x-7z-compressed': ['7z'],
  'application/vnd.rar': ['rar'],
  'application/vnd.sqlite3': ['sqlite'],
  'application/msword': ['ole2', 'rtf'],
  'application/vnd.ms-excel': ['ole2'],
  'application/vnd.ms-powerpoint': ['ole2'],
  'application/vnd.ms-outlook': ['ole2'],
  'image/svg+xml': ['svg'],
  'image/png': ['png'],
  'image/jpeg': ['jpeg'],
  'image/jpg': ['jpeg'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/tiff': ['tiff'],
  'image/bmp': ['bmp'],
  'image/x-icon': ['ico'],
  'image/vnd.microsoft.icon': ['ico'],
  'image/heic': ['heif'],
  'image/heif': ['heif'],
  'image/avif': ['heif'],
  'application/wasm': ['wasm'],
}

/** Types that promise nothing. */
const VAGUE = new Set([
  '',
  'application/octet-stream',
  'binary/octet-stream',
  'application/x-msdownload',
  'application/x-executable',
])

/**
 * Compares what somebody says bytes are with what they are.
 * @param declared a media type, parameters allowed, in any case; empty when nothing was said.
 * @returns `undefined` when the bytes are what was said, or nothing was promised.
 */
export function mismatch(declared: string, sniffed: SniffedType): Mismatch | undefined {
  if (sniffed.also.length > 0) return 'polyglot'
  const mime = (declared.split(';', 1)[0] ?? '').trim().toLowerCase()
  if (VAGUE.has(mime)) return undefined
  const promised = promisedBy(mime)
  if (promised?.includes(sniffed.type) === true) return undefined
  if (PROGRAMS.has(sniffed.type)) return 'executable_content'
  if (!promised) return undefined
  return PAGES.has(sniffed.type) ? 'active_content' : 'type_mismatch'
}

function promisedBy(mime: string): readonly ContentType[] | undefined {
  const exact = Object.hasOwn(PROMISED, mime) ? PROMISED[mime] : undefined
  if (exact) return exact
  if (mime.endsWith('+json')) return ['json']
  if (mime.endsWith('+xml')) return ['xml', 'svg']
  if (mime.startsWith('application/vnd.openxmlformats-officedocument.')) return officeOf(mime)
  if (mime.startsWith('application/vnd.oasis.opendocument.')) return ['odf']
  if (mime.startsWith('text/')) return PLAIN
  if (mime.startsWith('image/')) return ['unknown']
  if (mime.startsWith('audio/') || mime.startsWith('video/')) return [...SOUND, 'unknown']
  return undefined
}

function officeOf(mime: string): readonly ContentType[] {
  if (mime.includes('wordprocessingml')) return ['docx']
  return mime.includes('spreadsheetml') ? ['xlsx'] : ['pptx']
}
