import type { AuditLog, Entry } from '@sallyport/core'
import { USES_ENTRIES_MAX } from './find-uses.ts'

const READ_STEP = 1_000

/** The entries before one, the newest batch first; each batch in the order of the log. */
export async function* entriesBefore(audit: Pick<AuditLog, 'read'>, index: number): AsyncGenerator<readonly Entry[], void, void> {
  for (let to = index; to > 0; to = Math.max(0, to - READ_STEP)) yield await audit.read(Math.max(0, to - READ_STEP), to)
}

/** An entry and those after it. */
export async function* entriesFrom(
  audit: Pick<AuditLog, 'read' | 'size'>,
  index: number,
): AsyncGenerator<readonly Entry[], void, void> {
  const size = await audit.size()
  for (let at = index; at < size; at += READ_STEP) yield await audit.read(at, Math.min(size, at + READ_STEP))
}

/**
 * What is wanted of the entries since a time, in the order of the log; of the newest `USES_ENTRIES_MAX` where there are more.
 * @returns `fromMs`: from this time on no entry was left out.
 */
export async function pickSince<T>(
  audit: Pick<AuditLog, 'read' | 'size'>,
  sinceMs: number,
  pick: (entry: Entry) => readonly T[],
): Promise<{ readonly found: readonly T[]; readonly fromMs: number; readonly entries: number }> {
  const batches: (readonly T[])[] = []
  let entries = 0
  for await (const batch of entriesBefore(audit, await audit.size())) {
    const young = batch.filter(({ time }) => Date.parse(time) >= sinceMs)
    batches.unshift(young.flatMap(pick))
    entries += young.length
    if (young.length < batch.length) break
    if (entries >= USES_ENTRIES_MAX) return { found: batches.flat(), fromMs: Date.parse(batch[0]?.time ?? ''), entries }
  }
  return { found: batches.flat(), fromMs: sinceMs, entries }
}
