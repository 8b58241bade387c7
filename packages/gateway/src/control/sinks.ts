import { GatewayError, Id } from '@sallyport/core'
import { z } from 'zod'
import type { SinksView } from '../sinks-view.ts'
import { type ControlDeps, defineVerb } from './define-verb.ts'

/** Entries looked at in one call: others wait for it. */
export const RECONCILE_ENTRIES_MAX = 50_000

const Index = z.int().min(0)

export const sinksStatus = defineVerb({
  name: 'sinks.status',
  summary: 'How far each destination of events has come',
  roles: ['owner', 'admin', 'engineer', 'security', 'analyst', 'auditor', 'compliance'],
  reads: true,
  input: z.strictObject({}),
  output: z.strictObject({
    size: z.int(),
    sinks: z.array(
      z.strictObject({
        id: z.string(),
        type: z.string(),
        format: z.string(),
        state: z.enum(['following', 'retrying', 'waiting']),
        next: Index.optional().meta({ description: 'Index of the next entry it receives; absent while another replica sends.' }),
        lag: z.int(),
        delivered: z.int().meta({ description: 'Entries delivered since the start, repetitions included.' }),
        skipped: z.int().meta({ description: 'Entries left out since the start.' }),
        failures: z.int(),
        problem: z.string().optional(),
        deliveredMs: z.number().optional(),
      }),
    ),
  }),
  async run(deps) {
    return {
      output: {
        size: await deps.audit.size(),
        sinks: requireSinks(deps)
          .status()
          .map((sink) => ({ ...sink })),
      },
    }
  },
})

export const sinksReconcile = defineVerb({
  name: 'sinks.reconcile',
  summary: 'Which entries a destination should have, to be held against what it has',
  roles: ['owner', 'security', 'auditor', 'compliance'],
  input: z.strictObject({ sink: Id, from: Index, to: Index.optional() }),
  output: z.strictObject({
    size: z.int(),
    from: Index,
    to: Index.meta({ description: 'Exclusive; less than asked for when that is more than one call looks at.' }),
    entries: z.int(),
    events: z.int(),
    ranges: z
      .array(z.strictObject({ from: Index, to: Index }))
      .meta({ description: 'Entries that gave it an event; `to` is exclusive.' }),
    dropped: z.array(z.strictObject({ from: Index, to: Index, reason: z.enum(['overflow', 'refused', 'pruned']) })),
  }),
  target: (input) => input.sink,
  async run(deps, input) {
    const size = await deps.audit.size()
    const from = Math.min(input.from, size)
    const to = Math.min(input.to ?? size, size, from + RECONCILE_ENTRIES_MAX)
    if (input.to !== undefined && input.to < input.from) throw new GatewayError('REQUEST_PARAMS', 'the range ends before it begins')
    const { entries, events, ranges, dropped } = await requireSinks(deps).expected(input.sink, { from, to })
    return { output: { size, from, to, entries, events, ranges: [...ranges], dropped: [...dropped] }, detail: { from, to } }
  },
})

function requireSinks({ sinks }: ControlDeps): SinksView {
  if (sinks === undefined) throw new GatewayError('CONFLICT', 'no gateway runs on this home folder, so nothing is sent')
  return sinks
}
