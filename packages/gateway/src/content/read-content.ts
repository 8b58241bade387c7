import { mismatch, sniff, type ContentPart, type ContentText, type ContentType, type SniffedType } from '@sallyport/core'
import { collectText, type Collector, unread } from './collect-text.ts'
import { readArchive, readOpenDocument, readPacked } from './formats/archive.ts'
import { readImage } from './formats/image.ts'
import { readMail, readMailbox } from './formats/mail.ts'
import { readPackage } from './formats/office/package.ts'
import { readPdf } from './formats/pdf/read-pdf.ts'
import { readText } from './formats/plain.ts'
import { readRtf } from './formats/rtf.ts'
import { readSound } from './formats/sound.ts'
import type { Budget } from './limits.ts'

/** One file to read, and what its reader may use. */
export interface Source {
  readonly bytes: Uint8Array
  readonly sniffed: SniffedType
  readonly budget: Budget
  readonly out: Collector
  /** Reads a file inside, and adds it as a part. `declared` is the media type it is said to be, when it is said. */
  readonly open: (name: string, bytes: Uint8Array, declared?: string) => Promise<void>
}

/** Reads one format. What it throws means that the content is malformed. */
export type Reader = (source: Source) => void | Promise<void>

const READERS: Readonly<Partial<Record<ContentType, Reader>>> = {
  text: readText,
  html: readText,
  svg: readText,
  xml: readText,
  json: readText,
  csv: readText,
  eml: readMail,
  mbox: readMailbox,
  rtf: readRtf,
  pdf: readPdf,
  docx: readPackage,
  xlsx: readPackage,
  pptx: readPackage,
  odf: readOpenDocument,
  epub: readArchive,
  jar: readArchive,
  zip: readArchive,
  gzip: readPacked,
  zstd: readPacked,
  png: readImage,
  jpeg: readImage,
  gif: readImage,
  webp: readImage,
  tiff: readImage,
  bmp: readImage,
  ico: readImage,
  heif: readImage,
  mp3: readSound,
  wav: readSound,
  flac: readSound,
  empty: () => undefined,
}

export interface ReadOptions {
  readonly declared: string
  readonly budget: Budget
  /** How many files it lies within. */
  readonly depth: number
}

/**
 * Reads the text in some content, by what its bytes are. Bounded by the budget in bytes and characters; not in time, so it runs
 * in a thread that can be ended. Touches neither network nor files.
 */
export async function readContent(bytes: Uint8Array, { declared, budget, depth }: ReadOptions): Promise<ContentText> {
  const sniffed = sniff(bytes)
  const { out, collected } = collectText(budget)
  const open = async (name: string, inside: Uint8Array, type = ''): Promise<void> => {
    const part = await readPart({ bytes: inside, declared: type, budget, depth: depth + 1 })
    out.add({ name: name.slice(0, 200).toWellFormed(), ...part })
  }
  const reader = READERS[sniffed.type]
  // A polyglot is read as one of its formats only.
  if (!reader || sniffed.also.length > 0) out.trouble('unreadable')
  try {
    await reader?.({ bytes, sniffed, budget, out, open })
  } catch {
    out.trouble('malformed')
  }
  const reason = mismatch(declared, sniffed)
  return { type: sniffed.type, ...(reason && { mismatch: reason }), ...collected() }
}

async function readPart({ bytes, ...options }: ReadOptions & { readonly bytes: Uint8Array }): Promise<Omit<ContentPart, 'name'>> {
  const { depth, budget } = options
  const problem = depth > budget.limits.depthMax ? 'nesting_limit' : budget.takeFile() ? undefined : 'unpack_limit'
  if (!problem) return readContent(bytes, options)
  return { ...unread(problem), type: sniff(bytes).type }
}
