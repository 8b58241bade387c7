/** Keys in memory: few, not for long, and gone at once when told. */
export interface KeyCache<V> {
  /** The value, or a promise of it where it has to be made; callers of the same key at once share one making. */
  load(key: string, make: () => Promise<V>): V | Promise<V>
  /** Forgets everything, also what is being made. */
  clear(): void
}

/** @param ageMsMax Longest time a value is kept, whether it is used or not. */
export function keyCache<V>(limits: { readonly entriesMax: number; readonly ageMsMax: number }, nowMs: () => number): KeyCache<V> {
  // By time of making: the first is the oldest.
  const kept = new Map<string, { readonly value: V; readonly madeMs: number }>()
  let making = new Map<string, Promise<V>>()
  return {
    load(key, make) {
      const found = kept.get(key)
      if (found && nowMs() - found.madeMs < limits.ageMsMax) return found.value
      const running = making.get(key)
      if (running) return running
      const mine = making
      const promise = make().then(
        (value) => {
          mine.delete(key)
          // A value made before `clear` is for who asked, and is not kept.
          if (mine === making) keep(key, value)
          return value
        },
        (error: unknown) => {
          mine.delete(key)
          throw error
        },
      )
      mine.set(key, promise)
      return promise
    },
    clear() {
      kept.clear()
      making = new Map()
    },
  }

  function keep(key: string, value: V): void {
    kept.delete(key)
    kept.set(key, { value, madeMs: nowMs() })
    for (const oldest of kept.keys()) {
      if (kept.size <= limits.entriesMax) break
      kept.delete(oldest)
    }
  }
}
