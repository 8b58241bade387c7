/** Repeatable chance: the same seed gives the same corpus, row for row. */
export interface Chance {
  /** Uniform in 0 (in) to 1 (out). */
  readonly next: () => number
  readonly below: (n: number) => number
  readonly pick: <T>(items: readonly T[]) => T
  readonly maybe: (probability: number) => boolean
  readonly shuffle: <T>(items: readonly T[]) => T[]
}

/** Mulberry32. Not for secrets. */
export function chance(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n: number): number => Math.floor(next() * n)
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T
  const shuffle = <T>(items: readonly T[]): T[] => {
    const copy = [...items]
    for (let i = copy.length - 1; i > 0; i--) {
      const j = below(i + 1)
      ;[copy[i], copy[j]] = [copy[j] as T, copy[i] as T]
    }
    return copy
  }
  return { next, below, pick, maybe: (probability) => next() < probability, shuffle }
}

export type Slots = Readonly<Record<string, readonly string[]>>

const DEPTH_MAX = 9

/**
 * Fills a template: `{name}` takes one of the slot's entries, which may hold slots themselves; `[a|b|]` takes one of the
 * alternatives; `¦` stands for a vertical bar. An unknown slot is an error, not text.
 */
export function fill(template: string, slots: Slots, { pick }: Chance): string {
  let text = template
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const before = text
    text = text.replaceAll(/\[([^[\]{}]*\|[^[\]{}]*)\]/g, (_, inner: string) => pick(inner.split('|')))
    text = text.replaceAll(/\{([a-zA-Z][a-zA-Z0-9]*)\}/g, (_, name: string) => {
      const entries = slots[name]
      if (!entries) throw new Error(`no slot ${name} for ${template}`)
      return pick(entries)
    })
    if (text === before) break
  }
  return text.replaceAll('¦', '|').trim()
}
