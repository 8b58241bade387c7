import {
  cosignaturesOf,
  isGatewayError,
  parseCheckpoint,
  parseNote,
  parseNoteKey,
  witnessedSize,
  type LogSizes,
} from '@sallyport/core'
import type { WitnessConfig, WitnessesConfig } from './config-witness.ts'
import type { LogHead, LogStore } from './log-store.ts'
import type { CosignedRecord } from './state-records.ts'
import type { State } from './state.ts'

/** Most checkpoints remembered while they wait for witnesses; of more, only the oldest matters. */
const PENDING_MAX = 1_000

/** Which acts must not happen while too few witnesses vouch for the log. */
export type StoppedActs = Exclude<WitnessesConfig['stopActs'], 'never'>

/** A checkpoint that waits for its witnesses. */
interface Pending {
  readonly size: number
  readonly atMs: number
}

export interface WitnessReport {
  readonly name: string
  /** Size of the newest checkpoint it cosigned. */
  readonly size: number
  readonly atMs?: number
  readonly contradiction?: NonNullable<CosignedRecord['contradiction']>
}

export interface StandingReport {
  readonly atLeast: number
  readonly witnessed: number
  /** Whether a checkpoint has waited longer than the grace, or too few witnesses are left that do not contradict the log. */
  readonly isOverdue: boolean
  readonly stopActs: WitnessesConfig['stopActs']
  readonly witnesses: readonly WitnessReport[]
}

/** How well the log is held: what status, metrics and decisions ask. */
export interface LogStanding {
  sizes(): Promise<LogSizes>
  /** Absent where no witness is configured. */
  report(): StandingReport | undefined
  /** Absent while nothing is stopped. */
  stopped(): StoppedActs | undefined
  /** Tells where to ask how many entries anchors outside cover, once they are followed. */
  anchoredBy(size: () => number | undefined): void
}

export interface StandingDeps {
  readonly witnesses: WitnessesConfig
  readonly state: Pick<State, 'cosigned'>
  readonly audit: Pick<LogStore, 'head' | 'size' | 'onCheckpoint' | 'key'>
  readonly nowMs: () => number
}

/**
 * Watches how far the witnesses are behind the log. A gateway that just started gives its first checkpoint the whole grace, so
 * that a pause is not taken for a missing witness.
 */
export function openStanding({ witnesses, state, audit, nowMs }: StandingDeps): LogStanding {
  const { policy, list, stopActs, graceMs } = witnesses
  const sizeOf = cosignedSizes(list, audit.key.name)
  let anchored: () => number | undefined = () => undefined
  let pending: Pending[] = []
  const note = ({ size }: LogHead): void => {
    if (size > (pending.at(-1)?.size ?? 0) && pending.length < PENDING_MAX) pending.push({ size, atMs: nowMs() })
  }
  audit.onCheckpoint((_, head) => note(head))

  function report(): StandingReport | undefined {
    if (list.length === 0) return undefined
    const records = new Map(state.cosigned().map((record) => [record.witness, record]))
    const asked = list.map(({ name }): WitnessReport => {
      const record = records.get(name)
      const size = record === undefined ? 0 : sizeOf(record)
      return {
        name,
        size,
        ...(record && size > 0 && { atMs: record.atMs }),
        ...(record?.contradiction && { contradiction: record.contradiction }),
      }
    })
    const agreeing = asked.filter(({ contradiction }) => contradiction === undefined)
    const witnessed = witnessedSize(
      agreeing.map(({ size }) => size),
      policy.atLeast,
    )
    const newest = head(audit)
    if (newest) note(newest)
    const now = nowMs()
    // As if it came now: a clock that is set back gives nobody more than one further grace.
    const since = (one: Pending): Pending => (one.atMs > now ? { ...one, atMs: now } : one)
    pending = pending.filter(({ size }) => size > witnessed).map(since)
    const [oldest] = pending
    const isLate = oldest !== undefined && now - oldest.atMs > graceMs
    return {
      atLeast: policy.atLeast,
      witnessed,
      isOverdue: isLate || agreeing.length < policy.atLeast,
      stopActs,
      witnesses: asked,
    }
  }

  return {
    report,
    anchoredBy: (size) => {
      anchored = size
    },
    stopped: () => (stopActs !== 'never' && report()?.isOverdue === true ? stopActs : undefined),
    async sizes() {
      const durable = await audit.size()
      const witnessed = report()?.witnessed
      const far = anchored()
      return {
        durable,
        checkpointed: head(audit)?.size ?? 0,
        ...(witnessed !== undefined && { witnessed }),
        ...(far !== undefined && { anchored: far }),
      }
    },
  }
}

/** Reads the size out of the cosigned note itself, once per note: the record around it is only this gateway's word. */
function cosignedSizes(list: readonly WitnessConfig[], origin: string): (record: CosignedRecord) => number {
  const known = new Map<string, { readonly note: string; readonly size: number }>()
  return ({ witness, note = '' }) => {
    const cached = known.get(witness)
    if (cached?.note === note) return cached.size
    const text = list.find(({ name }) => name === witness)?.key ?? ''
    const key = parseNoteKey(text, 'cosignature')
    const found = key ? cosignaturesOf(note, [key]) : []
    const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '')
    const size = 'fault' in found || found.length === 0 || checkpoint?.origin !== origin ? 0 : checkpoint.size
    known.set(witness, { note, size })
    return size
  }
}

function head(audit: Pick<LogStore, 'head'>): LogHead | undefined {
  try {
    return audit.head()
  } catch (error) {
    if (isGatewayError(error)) return undefined
    throw error
  }
}
