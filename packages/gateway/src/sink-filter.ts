import { APPROVAL_KINDS, SEVERITIES, type SecurityEvent } from '@sallyport/core'
import type { SinkConfig } from './config-sinks.ts'

const HOUR_MS = 3_600_000

/** Whether a sink receives an event. Channels choose among approvals by their kind, and among everything else as sinks do. */
export function isWanted(event: SecurityEvent, filter: SinkConfig['filter']): boolean {
  const approval = APPROVAL_KINDS.find((kind) => kind === event.kind)
  if (approval && 'approvals' in filter) return filter.approvals.includes(approval)
  const isType = filter.types === undefined || filter.types.includes(event.type)
  return isType && SEVERITIES.indexOf(event.severity) >= SEVERITIES.indexOf(filter.severityMin)
}

/** Whether people still need to hear of it: a channel that begins at the start of an old log tells nobody what is long over. */
export function isFresh({ timeMs }: Pick<SecurityEvent, 'timeMs'>, filter: SinkConfig['filter'], nowMs: number): boolean {
  return !('hoursMax' in filter) || nowMs - timeMs <= filter.hoursMax * HOUR_MS
}
