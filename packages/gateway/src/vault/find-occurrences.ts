import { isGatewayError, readEntries, type ReadFile } from '@sallyport/core'
import type { ContentVault } from '../content-vault.ts'
import type { Occurrences } from '../erasures.ts'
import type { Holds } from '../holds.ts'
import type { PersonSessions } from '../person-sessions.ts'

/** Newest entries looked through for a person's pseudonym. */
export const ENTRIES_SCANNED_MAX = 500_000

export interface FindDeps {
  readonly vault: ContentVault
  /** What sessions know of people, by the same names. */
  readonly sessions: PersonSessions
  readonly holds: Pick<Holds, 'blocking'>
  readonly log: { readonly files: ReadFile; size(): Promise<number> }
}

export interface Found {
  readonly found: Occurrences
  /** Ids of the person's data keys. */
  readonly keyIds: readonly string[]
}

/** What there is of the person behind a row of the vault, or behind sessions. */
export async function findOccurrences(lookup: string, { vault, sessions: of, holds, log }: FindDeps): Promise<Found | undefined> {
  const [holdings, sessions] = [await vault.holdings(lookup), await of.count(lookup)]
  if (!holdings) {
    if (sessions === 0) return undefined
    return { found: { keys: 0, counts: [], sessions, holds: await holds.blocking({ lookup }) }, keyIds: [] }
  }
  const { token, keys, counts } = holdings
  const entries = await entriesOf(token, log)
  const found = {
    token,
    keys: keys.length,
    counts,
    sessions,
    ...(entries && { entries }),
    holds: await holds.blocking({ token, lookup }),
  }
  return { found, keyIds: keys }
}

async function entriesOf(token: string, log: FindDeps['log']): Promise<Occurrences['entries']> {
  try {
    const size = await log.size()
    const from = Math.max(0, size - ENTRIES_SCANNED_MAX)
    const found: number[] = []
    let count = 0
    for await (const { entry } of readEntries(log.files, from, size)) {
      if (!('subject' in entry) || entry.subject !== token) continue
      count++
      found[found.length === 0 ? 0 : 1] = entry.index
    }
    const [first, last = first] = found
    return { count, ...(first === undefined || last === undefined ? {} : { first, last }), isComplete: from === 0 }
  } catch (error) {
    if (isGatewayError(error) && error.code === 'AUDIT_FORBIDDEN') return undefined
    throw error
  }
}
