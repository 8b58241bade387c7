import type { Leases } from '@sallyport/core'

/** One process holds the home folder, so it holds every lease. */
export const embeddedLeases: Leases = {
  hold: () => Promise.resolve(true),
  release: () => Promise.resolve(),
}
