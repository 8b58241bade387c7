import { isGatewayError, readEntries, type ReadFile } from '@sallyport/core'
import type { ContentVault } from '../content-vault.ts'
import type { Occurrences } from '../erasures.ts'
import type { Holds } from '../holds.ts'

/** Newest entries looked through for a person's pseudonym. */
export const ENTRIES_SCANNED_MAX = 500_000

export interface FindDeps {
  readonly vault: ContentVault
  readonly holds: Pick<Holds, 'blocking'>
  readonly log: { readonly files: ReadFile; size(): Promise<number> }
}

export interface Found {
  readonly found: Occurrences
  /** Ids of the person's data keys. */
  readonly keyIds: readonly string[]
}

/** What there is of the person behind a row of the vault. */
export async function findOccurrences(lookup: string, { vault, holds, log }: FindDeps): Promise<Found | undefined> {
  const holdings = await vault.holdings(lookup)
  if (!holdings) return undefined
  const { token, keys, counts } = holdings
  const entries = await entriesOf(token, log)
  const found = { token, keys: keys.length, counts, ...(entries && { entries }), holds: await holds.blocking({ token, lookup }) }
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
