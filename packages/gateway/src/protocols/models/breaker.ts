/** What is remembered of attempts. */
const WINDOW_MS = 30_000
/** Attempts are counted by the second: one that answers thousands of calls is not looked through for each. */
const SLOT_MS = 1_000
const ATTEMPTS_MIN = 20
const TIMEOUTS_MAX = 5
/** How long nobody is sent there, and up to how much longer by chance, so that replicas do not come back at once. */
const OPEN_MS = 10_000
const OPEN_JITTER_MS = 5_000

/** Keeps calls from a candidate that fails. State of one process: no other replica can close a provider for this one. */
export interface Breaker {
  /** Whether calls go there without a second thought. */
  isClosed(): boolean
  /** Whether a call may be sent now; after the pause one probe at a time. Each `true` is followed by `settle`. */
  enter(): boolean
  settle(outcome: 'success' | 'failure' | 'timeout' | 'neither'): void
}

/**
 * Opens at half of at least 20 attempts within 30 s, or at five timeouts in a row; after 10 to 15 s one probe decides.
 * @param random 0 up to 1.
 */
export function openBreaker({ nowMs, random }: { readonly nowMs: () => number; readonly random: () => number }): Breaker {
  let slots: { readonly startMs: number; attempts: number; failures: number }[] = []
  let timeouts = 0
  let opensMs: number | undefined
  let isProbing = false
  return { isClosed: () => opensMs === undefined, enter, settle }

  function enter(): boolean {
    if (opensMs === undefined) return true
    if (isProbing || nowMs() < opensMs) return false
    isProbing = true
    return true
  }

  function settle(outcome: Parameters<Breaker['settle']>[0]): void {
    const wasProbe = isProbing
    isProbing = false
    if (outcome === 'neither') return
    const isFailure = outcome !== 'success'
    timeouts = outcome === 'timeout' ? timeouts + 1 : 0
    if (wasProbe) {
      opensMs = undefined
      slots = []
      if (isFailure) open()
      return
    }
    const now = nowMs()
    let slot = slots.at(-1)
    if (!slot || now >= slot.startMs + SLOT_MS) {
      slot = { startMs: now, attempts: 0, failures: 0 }
      slots = [...slots.filter(({ startMs }) => startMs > now - WINDOW_MS), slot]
    }
    slot.attempts++
    if (isFailure) slot.failures++
    const attempts = sumOf(slots, 'attempts')
    const failures = sumOf(slots, 'failures')
    if (timeouts >= TIMEOUTS_MAX || (attempts >= ATTEMPTS_MIN && failures * 2 >= attempts)) open()
  }

  function open(): void {
    opensMs = nowMs() + OPEN_MS + random() * OPEN_JITTER_MS
    timeouts = 0
  }
}

function sumOf<Of extends string>(slots: readonly Readonly<Record<Of, number>>[], of: Of): number {
  return slots.reduce((sum, slot) => sum + slot[of], 0)
}
