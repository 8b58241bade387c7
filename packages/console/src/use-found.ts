import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { call, type Input, type Output } from './api.ts'

type Found = Output<'audit.search'>

/** Most looks at the log for one question; each of them is a moment of the gateway's, and is recorded. */
const LOOKS_MAX = 60

interface Wish {
  readonly query: Input<'audit.search'>['query']
  readonly limit: number
  readonly purpose: string
  /** Goes on until `limit` are found; otherwise the first look that finds anything is enough. */
  readonly isWhole?: boolean
}

/** Entries of a log however long: it is looked through piece by piece, so that nobody else waits meanwhile. */
export function useFound({ query, limit, purpose, isWhole = false }: Wish): UseQueryResult<Found> {
  return useQuery({
    queryKey: ['audit.search', query, limit, isWhole],
    queryFn: async ({ signal, client, queryKey }) => {
      const background = client.getQueryData(queryKey) !== undefined
      let found = await call('audit.search', { query, limit, purpose, firstPage: true }, { background })
      for (let looks = 1; looks < LOOKS_MAX && !signal.aborted && isToGoOn(found); looks++) {
        const { from, entries, counts, next } = found
        const rest = { query: { ...query, from: next }, limit: limit - entries.length, purpose, firstPage: true }
        const more = await call('audit.search', rest, { background })
        found = { ...more, from, entries: [...entries, ...more.entries], counts: sumOf(counts, more.counts) }
      }
      return found
    },
  })

  function isToGoOn({ entries, next }: Found): boolean {
    return next !== undefined && (isWhole ? entries.length < limit : entries.length === 0)
  }
}

function sumOf(a: Found['counts'], b: Found['counts']): Found['counts'] {
  return Object.fromEntries(Object.keys({ ...a, ...b }).map((type) => [type, (a[type] ?? 0) + (b[type] ?? 0)]))
}
