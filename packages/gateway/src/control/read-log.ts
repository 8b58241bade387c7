import type { AuditLog, Entry } from '@sallyport/core'

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
