import { readEntries, readEntriesBack, type Entry, type ReadFile, type StoredEntry } from '@sallyport/core'
import { decodeUtf8 } from './collect.ts'

/** Most entries one `read` returns. */
const READ_ENTRIES_MAX = 65_536

/** Entries `from` (inclusive) to `to` (exclusive), at most 65,536 of them. */
export async function readLog(files: ReadFile, from: number, to: number): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const { entry } of readEntries(files, from, Math.min(to, from + READ_ENTRIES_MAX))) entries.push(entry)
  return entries
}

/** The last `most` entries before index `to` that are still kept, oldest first. */
export function readRecent(files: ReadFile, to: number, most: number): AsyncGenerator<StoredEntry> {
  return readEntries(files, Math.max(0, to - most), to)
}

/** Entries before index `to`, newest first, as long as they are not older than `untilMs`. */
export async function* readLogBack(files: ReadFile, to: number, untilMs: number): AsyncGenerator<StoredEntry> {
  for await (const stored of readEntriesBack(files, to, toText)) {
    if (Date.parse(stored.entry.time) < untilMs) return
    yield stored
  }
}

function toText(bytes: Uint8Array): string | undefined {
  return decodeUtf8(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}
