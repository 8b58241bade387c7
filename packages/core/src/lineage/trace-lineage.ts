import type { DecisionEntry, Entry, OutcomeEntry } from '../model/entry.ts'

/** Most acts of one answer. */
export const LINEAGE_ACTS_MAX = 1_000

/**
 * Why one act follows from another: a `value` that came by the first is an argument of the second; a model that was called `asked`
 * for exactly it; a model that `may` have used what its session had read before, or may have meant it by what it asked for.
 */
export type LineageBy = 'value' | 'asked' | 'may'

export interface LineageEdge {
  /** Indexes of decisions. */
  readonly from: number
  readonly to: number
  readonly by: LineageBy
  /** Which argument, for a value: a JSON pointer. */
  readonly path?: string
}

/** One act, and what is known of what it read and did. */
export interface LineageAct {
  readonly entry: number
  readonly time: string
  readonly agent: string
  readonly kind: string
  readonly server?: string
  readonly name?: string
  readonly enforced: string
  readonly status?: string
  /** Classes of data it was granted, or that were seen in what came back. */
  readonly classes: readonly string[]
  /** How far what came back is trusted, as the operator describes its source. */
  readonly trust?: string
}

export interface Lineage {
  readonly acts: readonly LineageAct[]
  readonly edges: readonly LineageEdge[]
  /** Whether nothing was left out. */
  readonly isComplete: boolean
}

/**
 * Where an act came from (`back`), or what came of it (`forward`): everything reachable, with each step's reason (R231). Values, and
 * models that asked, are certain; what a model may have used of what its session read is not, and is told apart.
 * @param entries One session's entries, in any order.
 * @param start Index of the act's decision.
 */
export function traceLineage(entries: readonly Entry[], start: number, direction: 'back' | 'forward'): Lineage {
  const decisions = new Map<number, DecisionEntry>()
  const outcomes = new Map<number, OutcomeEntry>()
  for (const entry of entries) {
    if (entry.type === 'decision') decisions.set(entry.index, entry)
    if (entry.type === 'outcome') outcomes.set(entry.decision, entry)
  }
  const all = [...decisions.values()].flatMap((decision) => edgesTo(decision, { decisions, outcomes }))
  const isBack = direction === 'back'
  const near = ({ from, to }: LineageEdge): number => (isBack ? to : from)
  const far = ({ from, to }: LineageEdge): number => (isBack ? from : to)
  const byEnd = Map.groupBy(all, near)
  const reached = new Set([start])
  const edges: LineageEdge[] = []
  let isComplete = true
  for (const entry of reached) {
    for (const edge of byEnd.get(entry) ?? []) {
      if (!reached.has(far(edge)) && reached.size >= LINEAGE_ACTS_MAX) {
        isComplete = false
        continue
      }
      reached.add(far(edge))
      edges.push(edge)
    }
  }
  const acts = [...reached].sort((a, b) => a - b).flatMap((entry) => actOf(decisions.get(entry), outcomes.get(entry)))
  return { acts, edges, isComplete: isComplete && acts.length === reached.size }
}

interface Known {
  readonly decisions: ReadonlyMap<number, DecisionEntry>
  readonly outcomes: ReadonlyMap<number, OutcomeEntry>
}

/** Only from acts before it: an entry says nothing of what came later. */
function edgesTo({ index: to, action, flow }: DecisionEntry, { decisions, outcomes }: Known): readonly LineageEdge[] {
  if (action.kind === 'model.call') {
    const read = [...decisions.values()].filter((one) => one.index < to && isRead(one, outcomes.get(one.index), to))
    return read.map((one): LineageEdge => ({ from: one.index, to, by: 'may' }))
  }
  const values = (flow?.slots ?? []).flatMap(({ path, origins }) =>
    origins.flatMap(({ entry }): LineageEdge[] =>
      entry === undefined || entry >= to ? [] : [{ from: entry, to, by: 'value', path }],
    ),
  )
  const by = flow?.link === 'certain' ? 'asked' : 'may'
  const asked: LineageEdge[] = flow?.asked === undefined ? [] : [{ from: flow.asked, to, by }]
  return [...asked, ...values]
}

/** What came back and was released before the call began. */
function isRead({ action }: DecisionEntry, outcome: OutcomeEntry | undefined, before: number): boolean {
  const isContent = action.kind === 'tool.call' || action.kind === 'resource.read' || action.kind === 'prompt.get'
  return isContent && outcome !== undefined && outcome.index < before && ['success', 'tool_error'].includes(outcome.status)
}

function actOf(decision: DecisionEntry | undefined, outcome: OutcomeEntry | undefined): readonly LineageAct[] {
  if (!decision) return []
  const { index, time, actor, action, enforced, classes = [] } = decision
  return [
    {
      entry: index,
      time,
      agent: actor.id,
      kind: action.kind,
      ...(action.server !== undefined && { server: action.server }),
      ...(action.name !== undefined && { name: action.name }),
      enforced,
      ...(outcome && { status: outcome.status }),
      classes: [...new Set([...classes, ...(outcome?.detected ?? [])])].sort(),
      ...(outcome?.source && { trust: outcome.source.trust }),
    },
  ]
}
