import { isGatewayError, type AuditLog, type ErrorCode } from '@sallyport/core'
import type { State } from './state.ts'

/** Whether traffic should be sent here. Advice for a load balancer: every act is checked on its own, whatever this says. */
export interface Readiness {
  /** The log, watched: an append that fails is noticed. */
  readonly audit: Pick<AuditLog, 'append'>
  /** Whether the state is fresh enough to act on and the log took what it was last given. Synchronous; asks nobody. */
  isReady(): boolean
}

/** After this long without traffic a gateway whose log failed offers itself again: only a new act can show that it recovered. */
const RETRY_MS = 5_000

/** What an entry is refused for itself: the log is as sound as before. */
const OF_THE_ENTRY: readonly ErrorCode[] = ['AUDIT_ENTRY_TOO_LARGE', 'CONFLICT']

/** @param monotonicMs A clock that never goes back. */
export function openReadiness(deps: {
  readonly state: Pick<State, 'requireFresh'>
  readonly audit: Pick<AuditLog, 'append'>
  readonly monotonicMs: () => number
}): Readiness {
  const { state, audit, monotonicMs } = deps
  let failedMs: number | undefined
  const append: AuditLog['append'] = async (body) => {
    try {
      const index = await audit.append(body)
      failedMs = undefined
      return index
    } catch (error) {
      const code = isGatewayError(error) ? error.code : undefined
      // A log that does not fit together any more stays so until somebody looks at it and starts this gateway again.
      if (code === 'AUDIT_INVALID') failedMs = Number.POSITIVE_INFINITY
      else if (code === undefined || !OF_THE_ENTRY.includes(code)) failedMs = monotonicMs()
      throw error
    }
  }
  return { audit: { append }, isReady }

  function isReady(): boolean {
    if (failedMs !== undefined && monotonicMs() - failedMs < RETRY_MS) return false
    try {
      state.requireFresh()
      return true
    } catch (error) {
      if (isGatewayError(error)) return false
      throw error
    }
  }
}
