import { isAbsolute } from 'node:path'
import { Entry, GatewayError } from '@sallyport/core'
import { z } from 'zod'
import type { Role } from '../state-records.ts'
import { defineVerb } from './define-verb.ts'

/** R134: who may read the log. Engineers may not, and agents have no way here at all. */
const READERS: readonly Role[] = ['owner', 'security', 'auditor']
const TAIL_MAX = 1_000
/** An outcome is looked for in this many entries after its decision. */
const OUTCOME_SEARCH_MAX = 20_000
const READ_STEP = 1_000

const Index = z.int().min(0)

export const auditTail = defineVerb({
  name: 'audit.tail',
  summary: 'The newest entries of the log',
  roles: READERS,
  input: z.strictObject({ limit: z.int().min(1).max(TAIL_MAX).default(20), from: Index.optional() }),
  output: z.strictObject({ size: z.int(), entries: z.array(Entry) }),
  async run(deps, input) {
    const size = deps.audit.size()
    const from = input.from ?? Math.max(0, size - input.limit)
    const to = Math.min(size, from + input.limit)
    return { output: { size, entries: to > from ? await deps.audit.read(from, to) : [] }, detail: { from, to } }
  },
})

export const auditRead = defineVerb({
  name: 'audit.read',
  summary: 'One entry, and for an act everything recorded about it',
  roles: READERS,
  input: z.strictObject({ index: Index }),
  output: z.strictObject({ entry: Entry, related: z.array(Entry) }),
  target: (input) => String(input.index),
  async run(deps, input) {
    const size = deps.audit.size()
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
    return { output: { entry, related } }
  },
})

export const auditVerify = defineVerb({
  name: 'audit.verify',
  summary: 'Verify the whole log',
  roles: READERS,
  input: z.strictObject({}),
  output: z.strictObject({ ok: z.boolean(), size: z.int(), rootHash: z.string(), problem: z.string().optional() }),
  async run(deps) {
    return { output: await deps.log.verify() }
  },
})

export const auditProve = defineVerb({
  name: 'audit.prove',
  summary: 'A proof that one entry is in the log, which anyone can verify',
  roles: READERS,
  input: z.strictObject({ index: Index }),
  output: z.strictObject({ index: Index, proof: z.string() }),
  target: (input) => String(input.index),
  async run(deps, input) {
    if (input.index >= deps.audit.size()) throw new GatewayError('NOT_FOUND', `the log ends at entry ${deps.audit.size() - 1}`)
    return { output: { index: input.index, proof: await deps.log.prove(input.index) } }
  },
})

export const auditExport = defineVerb({
  name: 'audit.export',
  summary: 'Copy the log and its public key into a new folder',
  roles: READERS,
  input: z.strictObject({ dir: z.string().min(1).max(4_096).refine(isAbsolute, 'must be an absolute path') }),
  output: z.strictObject({ dir: z.string(), entries: z.int() }),
  target: (input) => input.dir,
  async run(deps, input) {
    const { entries } = await deps.log.exportTo(input.dir)
    return { output: { dir: input.dir, entries }, detail: { entries } }
  },
})
