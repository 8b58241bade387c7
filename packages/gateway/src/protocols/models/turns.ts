/** How long streams are worked on before everything else has its turn. */
const TURN_MS = 10

/** Shares the event loop among streams, and between them and everything else. */
export interface Turns {
  /** Resolves when the caller may go on: at once while the turn lasts, else in a later one. Whoever waits longest comes first. */
  next(): Promise<void>
}

/**
 * What fast providers sent would otherwise be looked at, stream after stream, before anything else is read: for seconds no
 * connection is taken, no deadline is kept, and no agent is cut off.
 * @param deps.nowMs A clock that never goes back.
 * @param deps.defer Runs something after what has arrived meanwhile was read.
 */
export function openTurns({ nowMs, defer }: { readonly nowMs: () => number; readonly defer: (run: () => void) => void }): Turns {
  const waiting: (() => void)[] = []
  let endMs: number | undefined
  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        if (nowMs() < (endMs ?? begin())) waiting.shift()?.()
      }),
  }

  /** @returns When the turn that begins now ends. */
  function begin(): number {
    defer(() => {
      endMs = undefined
      if (waiting.length === 0) return
      begin()
      waiting.shift()?.()
    })
    return (endMs = nowMs() + TURN_MS)
  }
}
