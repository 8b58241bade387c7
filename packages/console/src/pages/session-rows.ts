import type { Entry } from '@sallyport/core'
import type { Output } from '../api.ts'
import { actionName, actorOf, effectOf, wordsOf } from '../ui/words.ts'

type Request = Output<'approval.list'>['requests'][number]
type Decision = Extract<Entry, { type: 'decision' }>

/** One bar of a session: an act, what people did about it, or what was done to the session itself. */
export interface SessionRow {
  /** Entry that explains it. */
  readonly entry: number
  readonly key: string
  readonly kind: 'model' | 'act' | 'people' | 'session'
  readonly what: string
  /** What was decided, in one word. */
  readonly verdict: string
  /** What became of it, in one word; empty for what was never carried out. */
  readonly outcome: string
  /** Acts it stands under: the model call that asked for it, or the decision that asked people. */
  readonly depth: number
  readonly startMs: number
  readonly tookMs: number
}

/** A session as a tree of acts in the order of the log. What it stands under was always decided before. */
export function sessionRows(entries: readonly Entry[], requests: readonly Request[], nowMs: number): SessionRow[] {
  const decisions = new Map(entries.flatMap((one) => (one.type === 'decision' ? [[one.index, one] as const] : [])))
  const ends = new Map(
    entries.flatMap((one) => (one.type === 'outcome' || one.type === 'unknown' ? [[one.decision, one] as const] : [])),
  )
  const under = Map.groupBy(decisions.values(), (one) => parentOf(one, decisions))
  const tree = (one: Decision, depth: number): SessionRow[] => [
    actRow(one, ends.get(one.index), depth),
    ...requests.filter(({ decision }) => decision === one.index).map((request) => peopleRow(request, depth + 1, nowMs)),
    ...(under.get(one.index) ?? []).flatMap((child) => tree(child, depth + 1)),
  ]
  const others = entries.flatMap((one) => (one.type === 'admin' || one.type === 'refusal' ? [plainRow(one)] : []))
  const trees = (under.get(undefined) ?? []).map((root) => tree(root, 0))
  return [...trees, ...others.map((row) => [row])].toSorted(([a], [b]) => (a?.entry ?? 0) - (b?.entry ?? 0)).flat()
}

function parentOf({ index, flow, approval }: Decision, known: ReadonlyMap<number, Decision>): number | undefined {
  return [approval?.asked, flow?.asked].find((one) => one !== undefined && one < index && known.has(one))
}

function actRow(decision: Decision, end: Entry | undefined, depth: number): SessionRow {
  const startMs = Date.parse(decision.time)
  const took = end?.type === 'outcome' ? end.durationMs : end === undefined ? 0 : Date.parse(end.time) - startMs
  return {
    entry: decision.index,
    key: `act ${decision.index}`,
    kind: decision.action.kind.startsWith('model') ? 'model' : 'act',
    what: actionName(decision.action),
    verdict: decision.enforced,
    outcome: end === undefined ? '' : effectOf(end),
    depth,
    startMs,
    tookMs: Math.max(0, took),
  }
}

function peopleRow({ id, decision, state, votes, askedMs }: Request, depth: number, nowMs: number): SessionRow {
  const lastMs = votes.at(-1)?.atMs ?? (state === 'pending' ? nowMs : askedMs)
  const who = votes.map(({ user, verdict }) => `${user}: ${verdict}`).join(', ')
  return {
    entry: decision,
    key: `request ${id}`,
    kind: 'people',
    what: who === '' ? 'people were asked' : `people were asked; ${who}`,
    verdict: state,
    outcome: '',
    depth,
    startMs: askedMs,
    tookMs: Math.max(0, lastMs - askedMs),
  }
}

function plainRow(entry: Entry): SessionRow {
  return {
    entry: entry.index,
    key: `entry ${entry.index}`,
    kind: 'session',
    what: `${actorOf(entry)}: ${wordsOf(entry)}`,
    verdict: effectOf(entry),
    outcome: '',
    depth: 0,
    startMs: Date.parse(entry.time),
    tookMs: 0,
  }
}
