import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'

/** What one load found; keys are prefixed by whoever reports it. */
export type Loaded = Readonly<Record<'EntriesPerS' | 'P50Ms' | 'P99Ms' | 'MainThreadUs', number>>

/** Makes one entry durable. */
export type AppendOne = (act: string) => Promise<unknown>

/** Appends from so many writers for a while, each waiting for its entry to be durable before the next. */
export async function closedLoad(append: AppendOne, writers: number, forMs: number): Promise<Loaded> {
  const waitsMs: number[] = []
  const startMs = performance.now()
  const busyBefore = performance.eventLoopUtilization()
  const writer = async (id: number): Promise<void> => {
    for (let i = 0; performance.now() - startMs < forMs; i++) {
      const sentMs = performance.now()
      await append(`${id}-${i}`)
      waitsMs.push(performance.now() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, id) => writer(id)))
  const busyMs = performance.eventLoopUtilization(busyBefore).active
  return {
    EntriesPerS: Math.round((waitsMs.length / (performance.now() - startMs)) * 1_000),
    ...quantiles(waitsMs),
    MainThreadUs: rounded((busyMs / waitsMs.length) * 1_000),
  }
}

/**
 * Appends so many entries a second whatever the log says. Waits count from when an entry was due, so that a stall is charged to
 * everything it held up.
 */
export async function pacedLoad(append: AppendOne, perSecond: number, forMs: number): Promise<Pick<Loaded, 'P50Ms' | 'P99Ms'>> {
  const waitsMs: number[] = []
  const pending: Promise<void>[] = []
  const startMs = performance.now()
  for (let sent = 0; performance.now() - startMs < forMs;) {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * perSecond)
    for (; sent < due; sent++) {
      const dueMs = startMs + (sent / perSecond) * 1_000
      pending.push(append(`paced-${sent}`).then(() => void waitsMs.push(performance.now() - dueMs)))
    }
    await wait(1)
  }
  await Promise.all(pending)
  return quantiles(waitsMs)
}

/** Keys of a table with what they belong to in front. */
export function prefixed(prefix: string, figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [prefix + key, value]))
}

export function quantiles(waitsMs: readonly number[]): { P50Ms: number; P99Ms: number } {
  const sorted = waitsMs.toSorted((a, b) => a - b)
  const at = (share: number): number => rounded(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  return { P50Ms: at(0.5), P99Ms: at(0.99) }
}

/** Three digits after the point. */
export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
