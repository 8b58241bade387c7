import { createHash } from 'node:crypto'
import { type Entry, type ReadFile, readEntries, verifyLog } from '@sallyport/core'
import { type Home, auditKeyOf, logReader } from '@sallyport/gateway'
import { commitmentOf } from './commitment.ts'
import { type Act, LIMITED } from './company.ts'
import type { Answered } from './load.ts'

/** A log held against what clients and the tool server saw. */
export interface Reconciled {
  readonly entries: number
  /** Answered calls whose decision or outcome is not where the answer said, or is another one. */
  readonly lost: number
  /** Acts at the tool server beyond the allowed decisions over their arguments. */
  readonly actsWithoutDecision: number
  /** Acts whose decision was not yet on disk when they arrived. */
  readonly actsBeforeDecision: number
  readonly unknowns: number
  /** Allowed decisions without exactly one outcome or `unknown`. */
  readonly unclosed: number
  /** Allowed decisions of the tool with a budget. */
  readonly limitedAllowed: number
  readonly verified: boolean
}

export interface Evidence {
  readonly answered: readonly Answered[]
  readonly acts: readonly Act[]
  /** Checkpoints copied away while the log grew. */
  readonly checkpoints?: readonly string[]
  /** The log, where it does not lie in the home folder. */
  readonly files?: ReadFile
}

/** Reads a log nobody writes. */
export async function reconcile(home: Home, evidence: Evidence): Promise<Reconciled> {
  const { answered, acts, checkpoints = [], files = logReader(home.logDir) } = evidence
  const commitKey = home.deriveKey('commit')
  const log = await readLog(files)
  const { decisions, closings } = log
  const allowed = [...decisions.values()].filter((entry) => entry.enforced === 'allow')
  const decided = countBy(allowed.map((entry) => entry.input.commitment))
  const acted = countBy(acts.map(({ id }) => commitmentOf({ id }, commitKey)))
  const isThere = ({ tool, id, entry, allowed: wasAllowed }: Answered): boolean => {
    const decision = decisions.get(entry)
    const isSame = decision?.action.name === tool && decision.input.commitment === commitmentOf({ id }, commitKey)
    return isSame && (decision.enforced === 'allow') === wasAllowed && (!wasAllowed || closings.get(entry)?.[0]?.type === 'outcome')
  }
  const report = await verifyLog(files, {
    origin: home.auditOrigin,
    keys: [auditKeyOf(home)],
    known: checkpoints,
    sha: (bytes) => createHash('sha256').update(bytes).digest(),
  })
  return {
    entries: log.size,
    lost: answered.filter((call) => !isThere(call)).length,
    actsWithoutDecision: [...acted].reduce(
      (sum, [commitment, count]) => sum + Math.max(0, count - (decided.get(commitment) ?? 0)),
      0,
    ),
    actsBeforeDecision: acts.filter((act) => !act.decided).length,
    unknowns: [...closings.values()].flat().filter((entry) => entry.type === 'unknown').length,
    unclosed: allowed.filter((entry) => closings.get(entry.index)?.length !== 1).length,
    limitedAllowed: allowed.filter((entry) => entry.action.name === LIMITED).length,
    verified: report.ok && report.open.count === 0 && !report.torn,
  }
}

type Decision = Extract<Entry, { type: 'decision' }>
type Closing = Extract<Entry, { type: 'outcome' | 'unknown' }>

async function readLog(
  files: ReadFile,
): Promise<{ size: number; decisions: Map<number, Decision>; closings: Map<number, Closing[]> }> {
  const decisions = new Map<number, Decision>()
  const closings = new Map<number, Closing[]>()
  let size = 0
  for await (const { entry } of readEntries(files)) {
    size++
    if (entry.type === 'decision') decisions.set(entry.index, entry)
    if (entry.type !== 'outcome' && entry.type !== 'unknown') continue
    closings.set(entry.decision, [...(closings.get(entry.decision) ?? []), entry])
  }
  return { size, decisions, closings }
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
