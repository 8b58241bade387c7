import { existsSync, writeFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { BUNDLE_ITEMS_MAX, BundleItem, COVERAGES, GatewayError, LogQuery, type Coverage } from '@sallyport/core'
import { z } from 'zod'
import { AskedQuery, filtersOf, Purpose, READERS, requireEvidence, resolveQuery } from './audit-readers.ts'
import { defineVerb } from './define-verb.ts'

const Item = BundleItem.pick({ id: true, controls: true, evidence: true })
  .partial({ controls: true })
  .extend({ query: AskedQuery.omit({ since: true, until: true, from: true, to: true }).default({}) })

export const auditBundle = defineVerb({
  name: 'audit.bundle',
  summary: 'Entries with their proofs as one signed file that verifies anywhere, offline',
  roles: READERS,
  isLocal: true,
  isLong: true,
  input: z.strictObject({
    file: z.string().min(1).max(4_096).refine(isAbsolute, 'must be an absolute path').meta({ description: 'A new file.' }),
    items: z
      .array(Item)
      .min(1)
      .max(BUNDLE_ITEMS_MAX)
      .refine((items) => new Set(items.map(({ id }) => id)).size === items.length, 'two items have one id')
      .meta({ description: 'The questions, each with the controls it is evidence for.' }),
    window: LogQuery.pick({ since: true, until: true, from: true, to: true }).default({}),
    coverage: z
      .enum(Object.keys(COVERAGES) as [Coverage, ...Coverage[]])
      .default('selection')
      .meta({ description: 'What is shown of the entries that no question selects: nothing, their hashes, or all of them.' }),
    withState: z.boolean().default(false).meta({ description: 'Say what was in force when the window began and ended.' }),
    purpose: Purpose,
  }),
  output: z.strictObject({ file: z.string(), bytes: z.int() }),
  target: (input) => input.file,
  async run(deps, { file, items, window, coverage, withState, purpose }) {
    if (existsSync(file)) throw new GatewayError('CONFLICT', 'the file exists; name a new one')
    const asked = await Promise.all(
      items.map(async ({ query, controls = [], ...item }) => ({ ...item, controls, query: await resolveQuery(deps, query) })),
    )
    const zip = await requireEvidence(deps).bundle({ items: asked, window, coverage, withState, purpose })
    const filters = [
      ...filtersOf(window),
      ...asked.flatMap(({ id, query }) => filtersOf(query).map((filter) => `${id}: ${filter}`)),
    ]
    return {
      output: { file, bytes: zip.length },
      detail: { purpose, coverage, filters, controls: [...new Set(asked.flatMap(({ controls }) => controls))], bytes: zip.length },
      after: () => writeFileSync(file, zip, { mode: 0o600, flag: 'wx' }),
    }
  },
})
