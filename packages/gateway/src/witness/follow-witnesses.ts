import { parseNoteKey, type Leases } from '@sallyport/core'
import type { WitnessConfig, WitnessesConfig } from '../config-witness.ts'
import type { LogStanding } from '../log-standing.ts'
import type { LogStore } from '../log-store.ts'
import type { OperatorLog } from '../operator-log.ts'
import type { Change, State } from '../state.ts'
import type { SystemAct } from '../system-entries.ts'
import { askWitness, type WitnessWord } from './ask-witness.ts'
import { connectWitness } from './post-checkpoint.ts'

/** How often the newest checkpoint is looked at, besides whenever there is a new one. */
const ROUND_MS = 1_000
/** Longest pause between two questions to a witness that fails. */
const PAUSE_MS_MAX = 30_000
const LEASE = 'witness'
const LEASE_MS = 15_000

export interface FollowWitnessesDeps {
  readonly witnesses: WitnessesConfig
  readonly audit: Pick<LogStore, 'head' | 'size' | 'files' | 'onCheckpoint'>
  readonly state: Pick<State, 'cosigned' | 'transact'>
  readonly standing: LogStanding
  /** One replica asks; absent where there is only one. */
  readonly leases?: Leases
  readonly record: (act: SystemAct) => void
  readonly log: OperatorLog
  readonly nowMs: () => number
}

/**
 * Takes every new checkpoint to the witnesses and keeps what they cosigned. Runs beside the path of an act and never in it; what
 * a missing witness means for acts is for the standing to say.
 * @returns How to stop.
 */
export function followWitnesses(deps: FollowWitnessesDeps): () => Promise<void> {
  const { witnesses, audit, log } = deps
  const followed = witnesses.list.map((config) => ({ config, ...connectWitness(config), retryMs: 0, failures: 0 }))
  let isOverdue = false
  let round: Promise<void> | undefined
  const kick = (): void => {
    round ??= ask()
      .catch((error: unknown) => log('witnesses could not be asked', error))
      .finally(() => {
        round = undefined
      })
  }
  const timer = setInterval(kick, ROUND_MS)
  timer.unref()
  const stop = audit.onCheckpoint(kick)
  kick()
  return async () => {
    clearInterval(timer)
    stop()
    await round
    await deps.leases?.release(LEASE)
    await Promise.all(followed.map((witness) => witness.close()))
  }

  async function ask(): Promise<void> {
    if (deps.leases && !(await deps.leases.hold(LEASE, LEASE_MS))) return
    const head = audit.head()
    if (head.size === 0) return
    const standings = new Map(deps.standing.report()?.witnesses.map((one) => [one.name, one]))
    const now = deps.nowMs()
    const due = followed.filter(({ config, retryMs }) => {
      const standing = standings.get(config.name)
      return retryMs <= now && (standing?.contradiction !== undefined || standing?.size !== head.size)
    })
    const changes = await Promise.all(due.map((witness) => askOne(witness, standings.get(witness.config.name)?.size ?? 0, head)))
    const said = changes.filter((change) => change !== undefined)
    if (said.length > 0) await deps.state.transact(said)
    reportOverdue()
  }

  async function askOne(
    witness: (typeof followed)[number],
    lastSize: number,
    head: { readonly note: string; readonly size: number },
  ): Promise<Change | undefined> {
    const { config } = witness
    const key = parseNoteKey(config.key, 'cosignature')
    if (!key) return undefined
    const asked = { key, post: witness.post, files: audit.files, head, lastSize, size: () => audit.size() }
    const word = await askWitness(asked).catch((error: unknown): WitnessWord => ({
      state: 'failed',
      problem: error instanceof Error ? error.message : 'unknown',
    }))
    const isFine = word.state === 'cosigned' || word.state === 'behind'
    if (word.state === 'failed' && witness.failures === 0) log(`witness ${config.name} cannot be used now`, new Error(word.problem))
    witness.failures = isFine ? 0 : witness.failures + 1
    witness.retryMs = isFine ? 0 : deps.nowMs() + Math.min(PAUSE_MS_MAX, ROUND_MS * 2 ** Math.min(10, witness.failures - 1))
    return changeOf(config, word, head.size)
  }

  function changeOf({ name }: WitnessConfig, word: WitnessWord, size: number): Change | undefined {
    const atMs = deps.nowMs()
    const before = deps.state.cosigned().find(({ witness }) => witness === name)
    if (word.state === 'cosigned') return { op: 'put', kind: 'cosigned', value: { witness: name, size, note: word.note, atMs } }
    if (word.state !== 'contradicted' || before?.contradiction?.reason === word.reason) return undefined
    const { reason, witnessSize } = word
    log(`witness ${name} contradicts this log`, new Error(`${reason}: the witness saw ${witnessSize} entries, the log has ${size}`))
    deps.record({ verb: 'witness.contradiction', target: name, detail: { reason, size, witnessSize } })
    const value = { ...(before ?? { witness: name, size: 0, atMs }), contradiction: { reason, witnessSize, atMs } }
    return { op: 'put', kind: 'cosigned', value }
  }

  /** Both edges are entries: when too few witnesses vouched for the log, and when enough did again. */
  function reportOverdue(): void {
    const report = deps.standing.report()
    if (!report || report.isOverdue === isOverdue) return
    isOverdue = report.isOverdue
    const detail = { atLeast: report.atLeast, witnessed: report.witnessed, stopActs: report.stopActs }
    deps.record({ verb: isOverdue ? 'witness.overdue' : 'witness.restored', detail })
    if (isOverdue) log('too few witnesses vouch for the log', new Error(`${report.witnessed} entries are witnessed`))
  }
}
