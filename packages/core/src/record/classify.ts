import type { ReadFile } from './log-files.ts'
import type { LogProblem } from './log-problems.ts'
import { scanBundles, type Identity, type Place } from './log-scan.ts'
import type { Sha256 } from './tree.ts'

export interface Suspect {
  readonly place: Place
  /** Size of the log as far as anything vouches for it. */
  readonly size: number
  /** Index of the first entry that was not pruned. */
  readonly kept: number
  readonly identity: Identity
}

/**
 * Names what happened at the first place that does not hold the entry it should, by looking through the whole log for the
 * entry that lies there and for the one that should.
 */
export async function classify(read: ReadFile, suspect: Suspect, sha: Sha256): Promise<LogProblem> {
  const { place, identity } = suspect
  const got = identity.of(place)
  const want = identity.expected(place)
  const seen = { got: 0, want: false, after: false, gotExpected: got !== undefined && identity.mayBelongAfter(got, place) }
  for await (const bundle of scanBundles(read, { size: suspect.size, kept: suspect.kept, sha })) {
    for (const at of bundle.places) {
      const here = identity.of(at)
      if (got !== undefined && here === got) seen.got++
      if (want !== undefined && here === want) seen.want = true
      if (at.index > place.index && at.bytes) seen.after = true
      if (got !== undefined && at.index !== place.index && identity.expected(at) === got) seen.gotExpected = true
    }
  }
  const at = { index: place.index, exact: true } as const
  if (got !== undefined && seen.got > 1) return { reason: 'entry_duplicated', ...at }
  const isMissing = !seen.want && (place.bytes === undefined || seen.gotExpected)
  if (isMissing) return { reason: 'entries_missing', ...at, where: whereMissing(place, suspect.kept, seen.after) }
  if (seen.want && seen.gotExpected) return { reason: 'entry_swapped', ...at }
  if (seen.want) return { reason: place.bytes === undefined ? 'entry_swapped' : 'entry_inserted', ...at }
  return { reason: place.bytes === undefined ? 'entries_missing' : 'entry_changed', ...at }
}

function whereMissing(place: Place, kept: number, hasLater: boolean): 'head' | 'middle' | 'tail' {
  if (place.index === kept) return 'head'
  // An entry of later times in this place, or any entry in a later one, means that the gap is inside.
  return place.bytes !== undefined || hasLater ? 'middle' : 'tail'
}
