import type { AuditLog, Entry } from '@sallyport/core'
import type { Skipped } from './follow-log.ts'

/**
 * Records what a destination will never get; durable before its cursor moves. A destination that refuses everything refuses the
 * notice too: that is not told again, or it would never end.
 */
export function recordDropped(audit: Pick<AuditLog, 'append' | 'read'>, sink: string): (skipped: Skipped) => Promise<void> {
  return async ({ from, to, reason }) => {
    const [only] = to - from === 1 ? await audit.read(from, to) : []
    if (only && droppedBy(only, sink)) return
    const actor = { type: 'system' as const, id: 'sallyport' }
    const detail = { from, to, count: to - from, reason }
    await audit.append({ type: 'admin', actor, verb: 'sink.dropped', target: sink, outcome: 'done', detail })
  }
}

/** What an entry says that a sink was not given. */
export function droppedBy(entry: Entry, sink: string): Skipped | undefined {
  if (entry.type !== 'admin' || entry.verb !== 'sink.dropped' || entry.target !== sink) return undefined
  const { from, to, reason } = entry.detail
  if (typeof from !== 'number' || typeof to !== 'number') return undefined
  return { from, to, reason: reason === 'refused' || reason === 'pruned' ? reason : 'overflow' }
}
