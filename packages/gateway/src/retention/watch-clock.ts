import { GatewayError, type CursorStore } from '@sallyport/core'

/** Longest time between two looks that the schedule believes. A clock that was set forward must not delete years of records. */
export const LEAP_MS_MAX = 31 * 86_400_000
const CURSOR = 'retention.clock'

/** Remembers durably how late it was, so that a leap of the clock is noticed after a restart too. */
export interface ClockWatch {
  /** @throws GatewayError `CONFLICT` when the clock leapt; it stays so until a person says that it is right. */
  requireNoLeap(): Promise<void>
  /** A person deletes by this clock: it is right. */
  accept(): Promise<void>
}

export function watchClock({ cursors, nowMs }: { readonly cursors: CursorStore; readonly nowMs: () => number }): ClockWatch {
  return {
    async requireNoLeap() {
      const seenMs = await cursors.get(CURSOR)
      const now = nowMs()
      if (seenMs > 0 && now - seenMs > LEAP_MS_MAX)
        throw new GatewayError(
          'CONFLICT',
          'the clock is 31 days or more ahead of the last look; if it is right, "sallyport retention run" says so',
        )
      if (now > seenMs) await cursors.set(CURSOR, now)
    },
    accept: () => cursors.set(CURSOR, nowMs()),
  }
}
