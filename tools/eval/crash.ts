import { randomInt } from 'node:crypto'
import { faultLoop } from '../../packages/gateway/src/stores/files/fixtures/fault-loop.ts'
import { killRounds } from '../../packages/gateway/src/stores/files/fixtures/kill-rounds.ts'
import { exactly, type Figure, type Measured, type Program, type RunOptions } from '../report.ts'

const ROUNDS = 20
const ROUNDS_SHORT = 5
const KILL_AFTER_MS_MAX = 600
/** Of the short form: every so many-th operation fails. */
const FAULT_STEP_SHORT = 5

/** Kills and faults under load, each followed by a restart that must find everything that was acknowledged. */
export const crash: Program = {
  about: 'kill -9 at random moments and every file operation failing in turn: nothing acknowledged may be lost',
  run: async (options) => {
    const log = await crashLog(options)
    return {
      figures: log,
      targets: {
        logLost: exactly(log.lost, 0),
        logUnverified: exactly(log.unverified, 0),
        faultLost: exactly(log.faultLost, 0),
        faultUnverified: exactly(log.faultUnverified, 0),
      },
    } satisfies Measured
  },
}

export interface CrashFigures {
  readonly [key: string]: Figure
  readonly rounds: number
  /** Entries acknowledged by programs that were then killed. */
  readonly acknowledged: number
  readonly lost: number
  readonly unverified: number
  readonly faultsInjected: number
  readonly faultAcknowledged: number
  readonly faultLost: number
  readonly faultUnverified: number
}

/** The audit log alone: a program that appends under load is killed, then each file operation fails in turn. */
export async function crashLog({
  short,
  note,
  rounds = short ? ROUNDS_SHORT : ROUNDS,
}: RunOptions & { readonly rounds?: number }): Promise<CrashFigures> {
  let acknowledged = 0
  let lost = 0
  let unverified = 0
  let done = 0
  for await (const result of killRounds(rounds, () => randomInt(KILL_AFTER_MS_MAX))) {
    // Every round looks for all entries of the rounds before it, so what one loses the next ones see again.
    acknowledged = result.acknowledged
    lost = Math.max(lost, result.lost)
    unverified += result.verified ? 0 : 1
    note(`round ${++done} of ${rounds}: ${result.acknowledged} acknowledged, ${result.lost} lost, ${result.size} in the log`)
  }
  const fault = { injected: 0, acknowledged: 0, lost: 0, unverified: 0, operations: new Map<string, number>() }
  for await (const result of faultLoop('EIO', short ? FAULT_STEP_SHORT : 1)) {
    fault.injected++
    fault.acknowledged += result.acknowledged
    fault.lost += result.lost
    fault.unverified += result.verified ? 0 : 1
    fault.operations.set(result.failed, (fault.operations.get(result.failed) ?? 0) + 1)
  }
  note(`${fault.injected} faults injected, ${fault.lost} acknowledged entries lost`)
  return {
    rounds: done,
    acknowledged,
    lost,
    unverified,
    faultsInjected: fault.injected,
    faultsByOperation: Object.fromEntries(fault.operations),
    faultAcknowledged: fault.acknowledged,
    faultLost: fault.lost,
    faultUnverified: fault.unverified,
  }
}
