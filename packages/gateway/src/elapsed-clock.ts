/** A wall clock that runs ahead by more between two looks did not drift: the machine slept, or the clock was set. */
const STEP_MS_MIN = 50

/**
 * A clock that never goes back and also counts what the whole machine slept through, as a suspended virtual machine does: its
 * monotonic clock may have stood still. A wall clock that is set forward lets time pass that did not, so leases end early.
 * @returns Milliseconds since the clock was opened.
 */
export function openElapsedClock({
  monotonicMs = () => performance.now(),
  wallMs = Date.now,
}: { readonly monotonicMs?: () => number; readonly wallMs?: () => number } = {}): () => number {
  let elapsedMs = 0
  let lastMs = monotonicMs()
  let lastWallMs = wallMs()
  return () => {
    const now = monotonicMs()
    const wall = wallMs()
    const passedMs = now - lastMs
    const wallPassedMs = wall - lastWallMs
    elapsedMs += wallPassedMs - passedMs > STEP_MS_MIN ? wallPassedMs : passedMs
    lastMs = now
    lastWallMs = wall
    return elapsedMs
  }
}
