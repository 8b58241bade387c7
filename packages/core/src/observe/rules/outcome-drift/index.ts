import type { AlertOptions } from '../../alert-options.ts'
import { defineRule } from '../../define-rule.ts'
import type { SecurityEvent } from '../../security-event.ts'

/** Sources and tasks watched at once; the one silent longest is forgotten. */
const STREAMS_MAX = 1_000
/** Kinds of values told apart in one stream; further ones count as one. */
const CELLS_MAX = 64
/** Cells expected less often are counted together: below it the statistic is not what the table says. */
const EXPECTED_MIN = 5
/** A population stability index up to this is tolerated, however sure it is. */
const PSI_MAX = 0.25

type Counts = Map<string, number>

export interface Stream {
  /** Fixed once it is full. */
  readonly reference: Counts
  referenceSize: number
  latest: Counts
  latestSize: number
}

/**
 * What a source answers, or what a task does, is not distributed as it was (R085, R110): answers of another size or standing, more
 * findings, other tools, a model that is otherwise sure or asks for other tools. Compares the first outcomes of a stream with each following window of the same length.
 */
export const outcomeDrift = defineRule({
  id: 'outcome-drift',
  initial: () => new Map<string, Stream>(),
  step: (state, observation, { driftOutcomes }: AlertOptions) => {
    if (observation.type !== 'event' || observation.event.type !== 'outcome') return []
    const { event } = observation
    return streamsOf(event).flatMap(([key, cell]) => {
      const stream = streamOf(state, key)
      if (stream.referenceSize < driftOutcomes) {
        count(stream.reference, cell)
        stream.referenceSize += 1
        return []
      }
      count(stream.latest, cell)
      stream.latestSize += 1
      if (stream.latestSize < driftOutcomes) return []
      const { latest } = stream
      stream.latest = new Map()
      stream.latestSize = 0
      if (!hasDrifted(stream.reference, latest, driftOutcomes)) return []
      const message = 'outcomes are not distributed as they were: a changed model, corpus or server, or another use'
      return [{ class: 'security' as const, severity: 'high' as const, message, subject: key, count: driftOutcomes }]
    })
  },
})

/** Parts in which confidence is counted. */
const CONFIDENCE_CELLS = 10

/** The streams an outcome belongs to, and what it is in each. */
function streamsOf(event: SecurityEvent): readonly (readonly [string, string])[] {
  const { action, agent, task, outcome, findings } = event
  if (action?.kind === 'model.call') return modelStreams(event)
  if (!action || !outcome || action.server === undefined || action.name === undefined) return []
  const tool = `${action.server}.${action.name}`
  const size = outcome.bytes === undefined ? '-' : String(Math.floor(Math.log2(outcome.bytes + 1) * 2))
  const suspicion = findings.length === 0 ? 'clean' : 'findings'
  const of: (readonly [string, string])[] = [[`answers of ${tool}`, `${outcome.status} ${size} ${suspicion}`]]
  if (agent !== undefined && task !== undefined) of.push([`tools of ${agent} ${task}`, tool])
  return of
}

/** How sure a model says it is, and what it asks for, by agent, task and the model’s name. */
function modelStreams({ action, agent, task, model, outcome }: SecurityEvent): readonly (readonly [string, string])[] {
  if (!model || agent === undefined || task === undefined) return []
  const whose = `${action?.name ?? ''} for ${agent} ${task}`
  const { confidence, tools } = model
  const isUnsaid = confidence === undefined && outcome?.reasons.includes('confidence_low') === true
  const cell =
    confidence === undefined ? 'unsaid' : String(Math.min(Math.floor(confidence * CONFIDENCE_CELLS), CONFIDENCE_CELLS - 1))
  const asked = tools.length === 0 ? ['none'] : tools
  return [
    ...(confidence !== undefined || isUnsaid ? [[`confidence of ${whose}`, cell] as const] : []),
    ...asked.map((tool) => [`tools asked by ${whose}`, tool] as const),
  ]
}

function streamOf(state: Map<string, Stream>, key: string): Stream {
  const known: Stream = state.get(key) ?? { reference: new Map(), referenceSize: 0, latest: new Map(), latestSize: 0 }
  state.delete(key)
  state.set(key, known)
  for (const oldest of state.keys()) {
    if (state.size <= STREAMS_MAX) break
    state.delete(oldest)
  }
  return known
}

function count(counts: Counts, cell: string): void {
  const name = counts.has(cell) || counts.size < CELLS_MAX ? cell : 'other'
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/**
 * Both must hold: a G-test for two samples of `n` beyond its 99.9th percentile, and a population stability index above `PSI_MAX`.
 * The first alone reports differences too small to matter, the second alone chance.
 * @see Sokal and Rohlf, Biometry, 17.4
 */
function hasDrifted(reference: Counts, latest: Counts, n: number): boolean {
  const cells = merged(reference, latest)
  if (cells.length < 2) return false
  let g = 0
  let psi = 0
  for (const [before, now] of cells) {
    const expected = (before + now) / 2
    for (const seen of [before, now]) if (seen > 0) g += 2 * seen * Math.log(seen / expected)
    // Half an observation where there is none: a cell that vanished has an index too.
    const [p, q] = [Math.max(before, 0.5) / n, Math.max(now, 0.5) / n]
    psi += (q - p) * Math.log(q / p)
  }
  return g > chiSquare999(cells.length - 1) && psi > PSI_MAX
}

/** Counts by cell, before and now; rare cells as one. */
function merged(reference: Counts, latest: Counts): readonly (readonly [number, number])[] {
  const all = [...new Set([...reference.keys(), ...latest.keys()])].map(
    (cell) => [reference.get(cell) ?? 0, latest.get(cell) ?? 0] as const,
  )
  const isRare = ([before, now]: readonly [number, number]): boolean => (before + now) / 2 < EXPECTED_MIN
  const rare = all.filter(isRare).reduce(([a, b], [before, now]) => [a + before, b + now] as const, [0, 0] as const)
  const common = all.filter((cell) => !isRare(cell))
  return isRare(rare) ? common : [...common, rare]
}

/** The 99.9th percentile of chi-square, within 2 % (Wilson and Hilferty, 1931). */
function chiSquare999(freedom: number): number {
  const part = 2 / (9 * freedom)
  return freedom * (1 - part + 3.090_232 * Math.sqrt(part)) ** 3
}
