import type { TextEncoding } from '@sallyport/core'
import type { Source } from '../read-content.ts'

const LABELS: Readonly<Record<TextEncoding, string>> = {
  'utf-8': 'utf-8',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  latin1: 'windows-1252',
}

/** Text as it is; of pages and drawings the source. */
export function readText({ bytes, sniffed, budget, out }: Source): void {
  // No encoding needs more than four bytes for a character: nothing is decoded only to be dropped.
  out.show(decodeText(bytes.subarray(0, budget.limits.textCharsMax * 4), sniffed.encoding))
  if (bytes.length > budget.limits.textCharsMax * 4) out.trouble('truncated')
}

/** Bytes as text; a mark in front is dropped. */
export function decodeText(bytes: Uint8Array, encoding: TextEncoding = 'utf-8'): string {
  return new TextDecoder(LABELS[encoding]).decode(bytes)
}
