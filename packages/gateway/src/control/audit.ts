import { isAbsolute } from 'node:path'
import { Entry, EntryState, entryState, GatewayError, LogSizes } from '@sallyport/core'
import { z } from 'zod'
import { Purpose, PurposeIfAny, READERS } from './audit-readers.ts'
import { defineVerb } from './define-verb.ts'

const TAIL_MAX = 1_000
/** An outcome is looked for in this many entries after its decision. */
const OUTCOME_SEARCH_MAX = 20_000
const READ_STEP = 1_000

const Index = z.int().min(0)

export const auditTail = defineVerb({
  name: 'audit.tail',
  summary: 'The newest entries of the log',
  roles: READERS,
  reads: true,
  isLong: true,
  input: z.strictObject({ limit: z.int().min(1).max(TAIL_MAX).default(20), from: Index.optional(), purpose: PurposeIfAny }),
  output: z.strictObject({ size: z.int(), sizes: LogSizes, entries: z.array(Entry) }),
  async run(deps, input) {
    const size = await deps.audit.size()
    const from = input.from ?? Math.max(0, size - input.limit)
    const to = Math.min(size, from + input.limit)
    const sizes = await deps.standing.sizes()
    return {
      output: { size, sizes, entries: to > from ? await deps.audit.read(from, to) : [] },
      detail: { purpose: input.purpose, from, to },
    }
  },
})

export const auditRead = defineVerb({
  name: 'audit.read',
  summary: 'One entry, and for an act everything recorded about it',
  roles: READERS,
  reads: true,
  isLong: true,
  input: z.strictObject({ index: Index, purpose: PurposeIfAny }),
  output: z.strictObject({ entry: Entry, state: EntryState, related: z.array(Entry) }),
  target: (input) => String(input.index),
  async run(deps, input) {
    const size = await deps.audit.size()
    if (input.index >= size) throw new GatewayError('NOT_FOUND', `the log ends at entry ${size - 1}`)
    const [entry] = await deps.audit.read(input.index, input.index + 1)
    if (entry === undefined) throw new GatewayError('NOT_FOUND', 'no such entry')
    const related: Entry[] = []
    if (entry.type === 'outcome' || entry.type === 'unknown')
      related.push(...(await deps.audit.read(entry.decision, entry.decision + 1)))
    if (entry.type === 'decision') {
      const end = Math.min(size, input.index + OUTCOME_SEARCH_MAX)
      for (let from = input.index + 1; from < end && related.length === 0; from += READ_STEP) {
        const step = await deps.audit.read(from, Math.min(end, from + READ_STEP))
        related.push(...step.filter((one) => (one.type === 'outcome' || one.type === 'unknown') && one.decision === input.index))
      }
    }
    return {
      output: { entry, state: entryState(entry.index, await deps.standing.sizes()), related },
      detail: { purpose: input.purpose, count: 1 + related.length },
    }
  },
})

export const auditVerify = defineVerb({
  name: 'audit.verify',
  summary: 'Verify the whole log',
  roles: READERS,
  reads: true,
  isLong: true,
  input: z.strictObject({ purpose: PurposeIfAny }),
  output: z.strictObject({
    ok: z.boolean(),
    size: z.int(),
    sizes: LogSizes,
    rootHash: z.string(),
    problem: z.string().optional(),
  }),
  async run(deps, { purpose }) {
    const verified = await deps.log.verify()
    const { ok, size } = verified
    return { output: { ...verified, sizes: await deps.standing.sizes() }, detail: { purpose, ok, from: 0, to: size } }
  },
})

export const auditProve = defineVerb({
  name: 'audit.prove',
  summary: 'A proof that one entry is in the log, which anyone can verify',
  roles: READERS,
  reads: true,
  isLong: true,
  input: z.strictObject({ index: Index, purpose: PurposeIfAny }),
  output: z.strictObject({ index: Index, proof: z.string() }),
  target: (input) => String(input.index),
  async run(deps, input) {
    const size = await deps.audit.size()
    if (input.index >= size) throw new GatewayError('NOT_FOUND', `the log ends at entry ${size - 1}`)
    return { output: { index: input.index, proof: await deps.log.prove(input.index) }, detail: { purpose: input.purpose } }
  },
})

export const auditExport = defineVerb({
  name: 'audit.export',
  summary: 'Copy the log and its public key into a new folder',
  roles: READERS,
  isLocal: true,
  isLong: true,
  input: z.strictObject({
    dir: z.string().min(1).max(4_096).refine(isAbsolute, 'must be an absolute path'),
    purpose: Purpose,
  }),
  output: z.strictObject({ dir: z.string(), entries: z.int() }),
  target: (input) => input.dir,
  async run(deps, { dir, purpose }) {
    const { entries } = await deps.log.exportTo(dir)
    return { output: { dir, entries }, detail: { purpose, from: 0, to: entries, entries } }
  },
})
