import { z } from 'zod'
import { EFFECTS, type Effect } from '../model/decision.ts'
import type { Entry } from '../model/entry.ts'
import { Gap } from './gaps.ts'

/** Agents counted one by one; those beyond it together. */
const AGENTS_MAX = 1_000
const OTHERS = '(others)'
/** Gaps and open acts listed; all are counted. */
const SHOWN_MAX = 1_000
/** A sign of life may be this many intervals late before silence is a gap. */
const SILENCE_FACTOR = 3

const Count = z.int().min(0)
/** Counts of one agent, or of all. */
const Counts = z.strictObject({
  /** Decisions by enforced effect. */
  decisions: z.strictObject(Object.fromEntries(EFFECTS.map((effect) => [effect, Count])) as Record<Effect, typeof Count>),
  /** Outcomes of these decisions by status. */
  outcomes: z.record(z.string(), Count),
  unknown: Count,
  /** Allowed, and neither outcome nor `unknown` until the end of the range. */
  open: Count,
  /** Outcomes and `unknown` of decisions before the range. */
  earlier: Count,
})

/** Whether what was decided and what became of it agree, over a range of entries. */
export const Reconciliation = z.strictObject({
  entries: Count,
  first: z.iso.datetime({ precision: 3 }).optional(),
  last: z.iso.datetime({ precision: 3 }).optional(),
  all: Counts,
  agents: z.record(z.string(), Counts),
  refusals: Count,
  admin: Count,
  /** Every allowed act has exactly one outcome or `unknown`, or is still open. */
  isBalanced: z.boolean(),
  /** Whether gateways gave signs of life throughout, so that silence can be told from idleness. */
  isTimeJudged: z.boolean(),
  gaps: z.array(Gap).max(SHOWN_MAX),
  /** All gaps, also those not listed. */
  gapCount: Count,
})
export type Reconciliation = z.infer<typeof Reconciliation>
type Counts = { -readonly [K in keyof z.infer<typeof Counts>]: z.infer<typeof Counts>[K] }
type ActEntry = Extract<Entry, { type: 'outcome' | 'unknown' }>

interface OpenAct {
  readonly index: number
  readonly act: string
  readonly agent: string
  readonly time: string
}

/** Where a reconciliation starts, when not at the first entry. */
export interface ReconcileStart {
  /** First index of the range. */
  readonly from: number
  /** The entry before it. */
  readonly before?: Entry
  /** Interval of the signs of life until a `gateway.start` says otherwise; 0 when none are given. */
  readonly aliveMs?: number
}

/** Reads entries in order and says what does not add up. Remembers counts, gaps and the acts still open. */
export class Reconciler {
  readonly #from: number
  readonly #all = emptyCounts()
  readonly #agents = new Map<string, Counts>()
  readonly #open = new Map<number, OpenAct>()
  readonly #gaps: Gap[] = []
  /** Interval of the signs of life of each gateway that runs, by replica. */
  readonly #running = new Map<string, number>()
  #gapCount = 0
  #entries = 0
  #refusals = 0
  #admin = 0
  #isTimeJudged = true
  /** Whether it is known that no gateway runs when none is known to run. */
  #isDownKnown: boolean
  /** The stop of the last gateway that ran. */
  #stop: Pick<Entry, 'index' | 'time'> | undefined
  #first: string | undefined
  #last: Pick<Entry, 'index' | 'time'> | undefined

  constructor(start: ReconcileStart = { from: 0 }) {
    this.#from = start.from
    this.#last = start.before
    const isStopped = start.before?.type === 'admin' && start.before.verb === 'gateway.stop'
    this.#isDownKnown = start.from === 0 || isStopped
    if (isStopped) return
    if (start.aliveMs !== undefined) this.#running.set('', start.aliveMs)
    this.#isTimeJudged = start.from === 0 || (start.aliveMs ?? 0) > 0
  }

  /** Takes the next entry; returns the gaps it shows. */
  add(entry: Entry): readonly Gap[] {
    const found = [...this.#placeGaps(entry), ...this.#take(entry)]
    this.#gaps.push(...found.slice(0, Math.max(0, SHOWN_MAX - this.#gaps.length)))
    this.#gapCount += found.length
    this.#entries++
    this.#first ??= entry.time
    this.#last = entry
    return found
  }

  /** Index of the oldest act still open. */
  get oldestOpen(): number | undefined {
    const [oldest] = this.#open.keys()
    return oldest
  }

  /** Acts decided before `time` that nothing completed; they are not looked for again. */
  overdue(time: string): readonly Gap[] {
    const acts = [...this.#open.values()].filter((act) => act.time < time)
    for (const { index } of acts) this.#open.delete(index)
    return acts.map(({ index, agent, time: since }) => ({ kind: 'open', from: index, to: index, since, about: agent }))
  }

  report(): Reconciliation {
    const agents = Object.fromEntries([...this.#agents].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    return {
      entries: this.#entries,
      ...(this.#first === undefined ? {} : { first: this.#first }),
      ...(this.#entries === 0 || this.#last === undefined ? {} : { last: this.#last.time }),
      all: this.#all,
      agents,
      refusals: this.#refusals,
      admin: this.#admin,
      isBalanced: [this.#all, ...this.#agents.values()].every(isBalanced) && !this.#gaps.some(({ kind }) => kind === 'orphan'),
      isTimeJudged: this.#isTimeJudged,
      gaps: this.#gaps,
      gapCount: this.#gapCount,
    }
  }

  /** What the step from the entry before to this one shows. */
  #placeGaps({ index, time, ...entry }: Entry): Gap[] {
    const last = this.#last
    const expected = last === undefined ? this.#from : last.index + 1
    const place = { from: expected - 1, to: index, ...(last && { since: last.time }), until: time }
    const gaps: Gap[] = index === expected ? [] : [{ kind: 'index', ...place, count: Math.max(1, index - expected) }]
    if (last === undefined) return gaps
    const silentMs = Date.parse(time) - Date.parse(last.time)
    const isStart = entry.type === 'admin' && entry.verb === 'gateway.start'
    const replica = isStart ? replicaOf(entry) : undefined
    if (replica !== undefined && this.#running.has(replica)) gaps.push({ kind: 'ended', ...place, ...about(replica) })
    else if (isStart && this.#running.size === 0 && this.#isDownKnown)
      gaps.push({ kind: 'down', ...place, ...(this.#stop && { from: this.#stop.index, since: this.#stop.time }) })
    else if (silentMs > this.#silenceMsMax()) gaps.push({ kind: 'silence', ...place })
    return gaps
  }

  /** Longest silence that the gateways which run allow. */
  #silenceMsMax(): number {
    const intervals = [...this.#running.values()].filter((aliveMs) => aliveMs > 0)
    return intervals.length === 0 ? Infinity : Math.min(...intervals) * SILENCE_FACTOR
  }

  #take(entry: Entry): Gap[] {
    switch (entry.type) {
      case 'decision':
        for (const counts of this.#countsOf(entry.actor.id)) {
          counts.decisions[entry.enforced]++
          if (entry.enforced === 'allow') counts.open++
        }
        if (entry.enforced === 'allow')
          this.#open.set(entry.index, { index: entry.index, act: entry.act, agent: entry.actor.id, time: entry.time })
        return []
      case 'outcome':
      case 'unknown':
        return this.#complete(entry)
      case 'evaluation':
        // A question, and no act: nothing has to follow it.
        return []
      case 'refusal':
        this.#refusals++
        return entry.suppressed === undefined ? [] : [{ kind: 'suppressed', ...at(entry), count: Math.max(1, entry.suppressed) }]
      case 'admin':
        this.#admin++
        return this.#admit(entry)
    }
  }

  #complete(entry: ActEntry): Gap[] {
    const decided = this.#open.get(entry.decision)
    if (decided?.act !== entry.act) {
      if (entry.decision >= this.#from) return [{ kind: 'orphan', ...at(entry) }]
      const agent = entry.type === 'outcome' ? entry.actor.id : undefined
      for (const counts of this.#countsOf(agent)) counts.earlier++
      return []
    }
    this.#open.delete(entry.decision)
    for (const counts of this.#countsOf(decided.agent)) {
      counts.open--
      if (entry.type === 'unknown') counts.unknown++
      else counts.outcomes[entry.status] = (counts.outcomes[entry.status] ?? 0) + 1
    }
    return []
  }

  #admit(entry: Extract<Entry, { type: 'admin' }>): Gap[] {
    const { verb, detail } = entry
    if (verb === 'gateway.start') {
      const aliveMs = typeof detail['aliveMs'] === 'number' ? detail['aliveMs'] : 0
      this.#running.delete('')
      this.#running.set(replicaOf(entry), aliveMs)
      if (aliveMs === 0) this.#isTimeJudged = false
    }
    if (verb === 'gateway.stop' || verb === 'replica.silent') {
      this.#running.delete(replicaOf(entry))
      this.#isDownKnown = true
      this.#stop = { index: entry.index, time: entry.time }
    }
    if (verb === 'replica.silent') return [{ kind: 'replica', ...at(entry), ...about(replicaOf(entry)) }]
    if (verb === 'clock.stepped') return [{ kind: 'clock', ...at(entry) }]
    return []
  }

  #countsOf(agent: string | undefined): Counts[] {
    if (agent === undefined) return [this.#all]
    const name = this.#agents.has(agent) || this.#agents.size < AGENTS_MAX ? agent : OTHERS
    const own = this.#agents.get(name) ?? emptyCounts()
    this.#agents.set(name, own)
    return [this.#all, own]
  }
}

function emptyCounts(): Counts {
  return { decisions: { allow: 0, require_approval: 0, deny: 0 }, outcomes: {}, unknown: 0, open: 0, earlier: 0 }
}

function isBalanced({ decisions, outcomes, unknown, open }: Counts): boolean {
  return decisions.allow === Object.values(outcomes).reduce((sum, count) => sum + count, 0) + unknown + open
}

function at({ index, time }: Entry): Pick<Gap, 'to' | 'until' | 'from'> {
  return { from: index - 1, to: index, until: time }
}

function about(text: string): Pick<Gap, 'about'> {
  return text === '' ? {} : { about: text.slice(0, 200) }
}

/** The replica an entry is about; one gateway alone has no name. */
function replicaOf({ target, detail }: Pick<Extract<Entry, { type: 'admin' }>, 'target' | 'detail'>): string {
  const named = detail['replica'] ?? target
  return typeof named === 'string' ? named : ''
}
