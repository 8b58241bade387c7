import { type DecisionEntry, type Entry, GatewayError, Id, mapFlows, traceLineage } from '@sallyport/core'
import { z } from 'zod'
import { PurposeIfAny, READERS } from './audit-readers.ts'
import { defineVerb } from './define-verb.ts'
import { USES_ENTRIES_MAX } from './find-uses.ts'
import { entriesBefore, entriesFrom, pickSince } from './read-log.ts'
import { requireStanding } from './require.ts'

const DAY_MS = 86_400_000
/** A session is over a day after its last content: what it led to lies within. */
const SESSION_MS = DAY_MS
const Index = z.int().min(0)

const Act = z.strictObject({
  entry: Index,
  time: z.string(),
  agent: z.string(),
  kind: z.string(),
  server: z.string().optional(),
  name: z.string().optional(),
  enforced: z.string(),
  status: z.string().optional(),
  classes: z.array(z.string()).readonly(),
  trust: z.string().optional(),
})
const Edge = z.strictObject({
  from: Index,
  to: Index,
  by: z.enum(['value', 'asked', 'may']).meta({
    description:
      'A value came by it; the model that was called asked for it; or the session had read it, so that the model may have used it.',
  }),
  path: z.string().optional(),
})

export const auditLineage = defineVerb({
  name: 'audit.lineage',
  summary: 'Where an act came from, or what came of it: sources, model calls, acts, with each step’s reason',
  roles: READERS,
  reads: true,
  isLong: true,
  input: z.strictObject({ index: Index, direction: z.enum(['back', 'forward']), purpose: PurposeIfAny }),
  output: z.strictObject({
    start: Index,
    acts: z.array(Act).readonly(),
    edges: z.array(Edge).readonly(),
    isComplete: z.boolean().meta({ description: 'Whether nothing was left out for its size.' }),
  }),
  target: (input) => String(input.index),
  async run({ audit }, { index, direction, purpose }) {
    const [entry] = index < (await audit.size()) ? await audit.read(index, index + 1) : []
    if (entry?.type !== 'decision' && entry?.type !== 'outcome')
      throw new GatewayError('NOT_FOUND', 'no act has this entry; give that of its decision or its outcome')
    const start = entry.type === 'decision' ? entry.index : entry.decision
    const found: Entry[] = []
    /** @returns Whether everything that may belong to the session was read. */
    const take = async (batches: AsyncIterable<readonly Entry[]>): Promise<boolean> => {
      let read = 0
      for await (const batch of batches) {
        found.push(...batch.filter((one) => isOfSession(one, entry)))
        read += batch.length
        if (batch.some(({ time }) => Math.abs(Date.parse(time) - Date.parse(entry.time)) > SESSION_MS)) return true
        if (read >= USES_ENTRIES_MAX) return false
      }
      return true
    }
    const isWhole = [await take(entriesFrom(audit, entry.index)), await take(entriesBefore(audit, entry.index))].every(Boolean)
    const { acts, edges, isComplete } = traceLineage(found, start, direction)
    return {
      output: { start, acts, edges, isComplete: isComplete && isWhole },
      detail: { purpose, direction, count: acts.length },
    }
  },
})

type ActEntry = Extract<Entry, { type: 'decision' | 'outcome' }>

function isOfSession(one: Entry, { session, actor }: ActEntry): boolean {
  return (one.type === 'decision' || one.type === 'outcome') && one.session === session && one.actor.id === actor.id
}

const Declared = z.strictObject({ task: z.string(), from: z.string(), to: z.string(), field: z.string() })
const Observed = z.strictObject({
  ...Declared.shape,
  integrity: z.string(),
  kind: z.string(),
  allowed: z.int(),
  stopped: z.int(),
  lastTime: z.string(),
  isDeclared: z.boolean(),
})

export const auditFlows = defineVerb({
  name: 'audit.flows',
  summary: 'Where the data of an agent goes: ways that were observed, those its manifest does not declare, and those never seen',
  roles: [...READERS, 'engineer', 'author'],
  reads: true,
  isLong: true,
  input: z.strictObject({ agent: Id, days: z.int().min(1).max(3_650).default(30), purpose: PurposeIfAny }),
  output: z.strictObject({
    agent: Id,
    fromMs: z.int().meta({ description: 'From this time on no entry was left out.' }),
    entries: z.int().meta({ description: 'Entries of the log that were read.' }),
    observed: z.array(Observed).readonly(),
    unobserved: z.array(Declared).readonly(),
  }),
  target: (input) => input.agent,
  async run(deps, { agent, days, purpose }) {
    await requireStanding(deps, agent)
    const sinceMs = Math.max(0, deps.nowMs() - days * DAY_MS)
    const own = (entry: Entry): DecisionEntry[] => (entry.type === 'decision' && entry.actor.id === agent ? [entry] : [])
    const { found, fromMs, entries } = await pickSince(deps.audit, sinceMs, own)
    const { observed, unobserved } = mapFlows(found, deps.manifests.current(agent))
    return { output: { agent, fromMs, entries, observed, unobserved }, detail: { purpose, days, count: observed.length } }
  },
})
