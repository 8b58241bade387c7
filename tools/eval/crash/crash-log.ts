import { faultLoop } from '../../../packages/gateway/src/stores/files/fixtures/fault-loop.ts'
import { killRounds } from '../../../packages/gateway/src/stores/files/fixtures/kill-rounds.ts'
import type { Figure } from '../../report.ts'
import type { Random } from './seeded.ts'

const KILL_AFTER_MS_MAX = 600

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

export interface CrashLogOptions {
  readonly rounds: number
  /** Every so many-th operation fails in turn. */
  readonly faultStep: number
  readonly random: Random
  readonly note: (line: string) => void
}

/** The audit log alone: a program that appends under load is killed, then each file operation fails in turn. */
export async function crashLog({ rounds, faultStep, random, note }: CrashLogOptions): Promise<CrashFigures> {
  let acknowledged = 0
  let lost = 0
  let unverified = 0
  let done = 0
  for await (const result of killRounds(rounds, () => random(KILL_AFTER_MS_MAX))) {
    // Every round looks for all entries of the rounds before it, so what one loses the next ones see again.
    acknowledged = result.acknowledged
    lost = Math.max(lost, result.lost)
    unverified += result.verified ? 0 : 1
    note(`log, round ${++done} of ${rounds}: ${result.acknowledged} acknowledged, ${result.lost} lost, ${result.size} in the log`)
  }
  const fault = { injected: 0, acknowledged: 0, lost: 0, unverified: 0, operations: new Map<string, number>() }
  for await (const result of faultLoop('EIO', faultStep)) {
    fault.injected++
    fault.acknowledged += result.acknowledged
    fault.lost += result.lost
    fault.unverified += result.verified ? 0 : 1
    fault.operations.set(result.failed, (fault.operations.get(result.failed) ?? 0) + 1)
  }
  note(`log: ${fault.injected} faults injected, ${fault.lost} acknowledged entries lost`)
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
