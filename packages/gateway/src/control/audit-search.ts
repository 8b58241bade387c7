import { Entry } from '@sallyport/core'
import { z } from 'zod'
import { AskedQuery, filtersOf, Purpose, READERS, requireEvidence, resolveQuery } from './audit-readers.ts'
import { defineVerb } from './define-verb.ts'

const LIMIT_MAX = 1_000
const Count = z.int().min(0)

export const auditSearch = defineVerb({
  name: 'audit.search',
  summary: 'Entries by session, agent, user, tool, person, class of data, effect, time',
  roles: READERS,
  reads: true,
  isLong: true,
  input: z.strictObject({
    query: AskedQuery,
    limit: z.int().min(0).max(LIMIT_MAX).default(100),
    firstPage: z.boolean().default(false).meta({
      description: 'Stop when `limit` are found, or after a moment; `next` says where to go on, and nothing after `to` is counted.',
    }),
    purpose: Purpose,
  }),
  output: z.strictObject({
    from: Count.meta({ description: 'First index that was looked at.' }),
    to: Count.meta({ description: 'Index after the last.' }),
    counts: z.record(z.string(), Count).meta({ description: 'All matches among what was looked at, by type.' }),
    entries: z.array(Entry).meta({ description: 'The first of them, oldest first.' }),
    next: Count.optional().meta({ description: 'Index to go on from, when there may be more.' }),
  }),
  async run(deps, { query: asked, limit, firstPage, purpose }) {
    const query = await resolveQuery(deps, asked)
    const { range, counts, entries, next } = await requireEvidence(deps).search(query, { limit, isFirstPage: firstPage })
    const { from, to } = range
    const matches = Object.values(counts).reduce((sum, count) => sum + count, 0)
    return {
      output: { from, to, counts, entries: [...entries], ...(next === undefined ? {} : { next }) },
      detail: { purpose, from, to, filters: filtersOf(query), matches, given: entries.length },
    }
  },
})
