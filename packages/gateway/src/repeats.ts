import type { Repeat } from '@sallyport/core'

/**
 * How often something was done lately, in this process alone: a loop is seen where it runs, and one that several gateways share is
 * seen a little later. A start counts anew.
 */
export interface Repeats {
  /** Counts it, unless it was done as often as it may be: then says how long until the next is well. */
  take(repeat: Repeat, nowMs: number): { readonly isLoop: false } | { readonly isLoop: true; readonly retryAfterMs: number }
  /** It was not done after all. */
  giveBack(key: string, atMs: number): void
}

/** Things remembered; the one done longest ago is forgotten first. */
const KEYS_MAX = 50_000

export function openRepeats(): Repeats {
  const times = new Map<string, number[]>()
  return { take, giveBack }

  function take({ key, repeatsMax, windowMs }: Repeat, nowMs: number): ReturnType<Repeats['take']> {
    const recent = (times.get(key) ?? []).filter((at) => at > nowMs - windowMs)
    const oldest = recent.at(-repeatsMax)
    if (oldest !== undefined) return { isLoop: true, retryAfterMs: Math.max(1, oldest + windowMs - nowMs) }
    recent.push(nowMs)
    times.delete(key)
    times.set(key, recent)
    for (const first of times.keys()) {
      if (times.size <= KEYS_MAX) break
      times.delete(first)
    }
    return { isLoop: false }
  }

  function giveBack(key: string, atMs: number): void {
    const known = times.get(key)
    const at = known?.lastIndexOf(atMs) ?? -1
    if (at >= 0) known?.splice(at, 1)
    if (known?.length === 0) times.delete(key)
  }
}
