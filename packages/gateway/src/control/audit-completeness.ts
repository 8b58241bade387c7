import { ConfigState, LogQuery, Reconciliation, Sha256Hex } from '@sallyport/core'
import { z } from 'zod'
import { filtersOf, PurposeIfAny, READERS, requireEvidence } from './audit-readers.ts'
import { defineVerb } from './define-verb.ts'

const Count = z.int().min(0)

export const auditCompleteness = defineVerb({
  name: 'audit.completeness',
  summary: 'Whether every decision has what became of it, and where the record has gaps',
  roles: READERS,
  reads: true,
  isLong: true,
  input: z.strictObject({
    window: LogQuery.pick({ since: true, until: true, from: true, to: true }).default({}),
    purpose: PurposeIfAny,
  }),
  output: z.strictObject({ from: Count, to: Count, report: Reconciliation }),
  async run(deps, { window, purpose }) {
    const { range, report } = await requireEvidence(deps).completeness(window)
    return { output: { ...range, report }, detail: { purpose, ...range, filters: filtersOf(window), gaps: report.gapCount } }
  },
})

export const auditConfig = defineVerb({
  name: 'audit.config',
  summary: 'What was in force at a past moment: configuration, manifests, tools, roles, keys, by hash',
  roles: READERS,
  reads: true,
  isLong: true,
  input: z.strictObject({ time: z.iso.datetime({ precision: 3 }), purpose: PurposeIfAny }),
  output: z.strictObject({ time: z.string(), state: ConfigState, hash: Sha256Hex }),
  target: ({ time }) => time,
  async run(deps, { time, purpose }) {
    const found = await requireEvidence(deps).configAt(time)
    return { output: { time, ...found }, detail: { purpose, hash: found.hash } }
  },
})
