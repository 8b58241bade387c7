import type { Channel } from '../model/channel.ts'
import { isPlainName } from '../model/plain-name.ts'

/** Most names remembered of one channel; then it begins anew. */
const NAMES_MAX = 10_000

/**
 * Member names in which one set of detectors saw nothing: every answer of a service has the same ones. Only names that a record may
 * show; one that could be a value is looked at every time and kept nowhere.
 */
export interface KnownNames {
  isClean(channel: Channel, name: string): boolean
  /** Remembers a name in which nothing was seen and no detector failed. */
  add(channel: Channel, name: string): void
}

/** To be used with one set of detectors only. */
export function openKnownNames(): KnownNames {
  const known = new Map<Channel, Set<string>>()
  return {
    isClean: (channel, name) => known.get(channel)?.has(name) ?? false,
    add(channel, name) {
      if (!isPlainName(name)) return
      const names = known.get(channel) ?? new Set()
      if (names.size >= NAMES_MAX) names.clear()
      known.set(channel, names.add(name))
    },
  }
}
