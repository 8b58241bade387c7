import { GatewayError, RECORD_CLASSES, REGIMES, RETENTION_CLASSES, DATA_CLASSES, type RecordClass } from '@sallyport/core'
import { z } from 'zod'
import type { Retention } from '../retention.ts'
import type { Role } from '../state-records.ts'
import { defineVerb, type ControlDeps } from './define-verb.ts'

const KEEPERS: readonly Role[] = ['owner', 'security']

const Record = z.enum(Object.keys(RECORD_CLASSES) as [RecordClass, ...RecordClass[]])
const Index = z.int().min(0)

const PlanShape = {
  from: Index.meta({ description: 'The first entry that is still in the log.' }),
  to: Index.meta({ description: 'Entries before this one can go now.' }),
  setAside: z.int().meta({ description: 'Entries among them that are copied with their proofs first.' }),
  stoppedBy: z.strictObject({ index: Index, why: z.string() }).optional().meta({ description: 'The first entry that must stay.' }),
  terms: z.array(z.strictObject({ agent: z.string(), class: z.string(), record: Record, days: z.number().nullable() })),
  conflicts: z.array(
    z.strictObject({
      agent: z.string(),
      record: Record,
      floorOf: z.enum([...REGIMES, ...RETENTION_CLASSES]),
      floorDays: z.number(),
      ceilingOf: z.enum(REGIMES),
      ceilingDays: z.number(),
    }),
  ),
  payloads: z.array(z.strictObject({ class: z.enum(DATA_CLASSES), beforeMs: z.number().nullable() })),
}

export const retentionPlan = defineVerb({
  name: 'retention.plan',
  summary: 'How long records are kept, what can be deleted now, and what waits for a person',
  roles: ['owner', 'security', 'auditor', 'compliance'],
  reads: true,
  isLong: true,
  input: z.strictObject({}),
  output: z.strictObject(PlanShape),
  async run(deps) {
    const plan = await requireRetention(deps).plan()
    return { output: { ...plan, terms: [...plan.terms], conflicts: [...plan.conflicts], payloads: [...plan.payloads] } }
  },
})

export const retentionRun = defineVerb({
  name: 'retention.run',
  summary: 'Delete what has expired; deleting anything before it expires is refused',
  roles: KEEPERS,
  confirm: () => true,
  isLong: true,
  input: z.strictObject({ to: Index.optional().meta({ description: 'Stop at this entry, a multiple of 256.' }) }),
  output: z.strictObject({ from: Index, to: Index, setAside: z.int() }),
  async run(deps, input, { user }) {
    const retention = requireRetention(deps)
    if (input.to !== undefined) await retention.requireExpired(input.to)
    const { from, to, setAside } = await retention.plan()
    const until = input.to ?? to
    return {
      output: { from, to: Math.max(from, until), setAside },
      after: async () => {
        await retention.run(`retention.run by ${user.id}`, input.to)
        await retention.sweep()
      },
      detail: { from, to: Math.max(from, until), setAside },
    }
  },
})

function requireRetention(deps: Pick<ControlDeps, 'retention'>): Retention {
  if (deps.retention === undefined)
    throw new GatewayError('CONFLICT', 'only a running gateway deletes; start it with "sallyport up"')
  return deps.retention
}
