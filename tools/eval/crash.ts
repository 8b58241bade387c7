import { randomInt } from 'node:crypto'
import { exactly, type Figure, type Program, type Target } from '../report.ts'
import { type CrashFigures, crashLog } from './crash/crash-log.ts'
import { type FaultOutcome, failLog } from './crash/fail-log.ts'
import { fillDisk, type FullDiskFigures } from './crash/fill-disk.ts'
import { type KillFigures, killGateway } from './crash/kill-gateway.ts'
import { seeded } from './crash/seeded.ts'

/** Kills of the whole gateway, kills of the log alone, rounds on a full disk; every so many-th file operation that fails. */
const FULL = { kills: 20, logKills: 20, fullDisks: 5, gatewayFaultStep: 1, logFaultStep: 1 }
const SHORT = { kills: 5, logKills: 5, fullDisks: 2, gatewayFaultStep: 18, logFaultStep: 5 }
const SEED_MAX = 2 ** 32

/** Kills and faults under load, each followed by a restart that must find everything that was acknowledged. */
export const crash: Program = {
  about: 'kill -9 at random moments and every file operation failing in turn: nothing acknowledged may be lost',
  run: async ({ short, note }) => {
    const size = short ? SHORT : FULL
    const seed = Number(process.env['CRASH_SEED'] ?? randomInt(SEED_MAX))
    note(`seed ${seed}; the same moments again with CRASH_SEED=${seed}`)
    const random = seeded(seed)
    const killed = await killGateway({ rounds: size.kills, random, note })
    const failed = await failGateway(size.gatewayFaultStep)
    note(`${failed.faultsInjected} faults under the gateway, ${failed.callsAnswered} calls answered`)
    const full = await fillDisk({ rounds: size.fullDisks, random })
    note(`${full.filled} full disks, ${full.callsAnswered} calls answered`)
    const log = await crashLog({ rounds: size.logKills, faultStep: size.logFaultStep, random, note })
    return {
      figures: { seed, gateway: { ...killed }, gatewayFaults: failed, fullDisk: { ...full }, log },
      targets: { ...killTargets(killed), ...faultTargets(failed), ...fullDiskTargets(full, size.fullDisks), ...logTargets(log) },
    }
  },
}

interface FaultFigures {
  readonly [key: string]: Figure
  readonly faultsInjected: number
  readonly refusedStarts: number
  /** Faults under which the load had calls refused with `AUDIT_UNAVAILABLE`; the others came with the last checkpoint. */
  readonly refusedCalls: number
  readonly notRefused: number
  readonly actsAfter: number
  readonly callsAnswered: number
  readonly lost: number
  readonly actsWithoutDecision: number
  readonly unknowns: number
  readonly unclosed: number
  readonly unverified: number
  readonly unexpected: readonly string[]
}

/** The sum over all faults. */
async function failGateway(step: number): Promise<FaultFigures> {
  const outcomes: FaultOutcome[] = []
  for await (const outcome of failLog({ step })) outcomes.push(outcome)
  const sum = (of: (outcome: FaultOutcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const operations = [...new Set(outcomes.map(({ failed }) => failed))].toSorted()
  return {
    faultsInjected: outcomes.length,
    faultsByOperation: Object.fromEntries(operations.map((name) => [name, sum(({ failed }) => (failed === name ? 1 : 0))])),
    refusedStarts: sum((outcome) => (outcome.refusedStart ? 1 : 0)),
    refusedCalls: sum((outcome) => (outcome.callsUnavailable > 0 ? 1 : 0)),
    notRefused: sum((outcome) => outcome.notRefused),
    actsAfter: sum((outcome) => outcome.actsAfter),
    callsAnswered: sum((outcome) => outcome.callsAnswered),
    lost: sum((outcome) => outcome.lost),
    actsWithoutDecision: sum((outcome) => outcome.actsWithoutDecision),
    unknowns: sum((outcome) => outcome.unknowns),
    unclosed: sum((outcome) => outcome.unclosed),
    unverified: sum((outcome) => (outcome.verified ? 0 : 1)),
    unexpected: outcomes.flatMap((outcome) => outcome.unexpected),
  }
}

type Targets = Readonly<Record<string, Target>>

function killTargets(killed: KillFigures): Targets {
  return {
    lost: exactly(killed.lost, 0),
    actsWithoutDecision: exactly(killed.actsWithoutDecision, 0),
    actsBeforeDecision: exactly(killed.actsBeforeDecision, 0),
    unclosed: exactly(killed.unclosed, 0),
    unverified: exactly(killed.unverified, 0),
    budgetOverdrawn: exactly(killed.budgetOverdrawn, 0),
    stateLost: exactly(killed.stateLost, 0),
    unexpected: exactly(killed.unexpected.length, 0),
  }
}

function faultTargets(failed: FaultFigures): Targets {
  return {
    faultLost: exactly(failed.lost, 0),
    faultActsWithoutDecision: exactly(failed.actsWithoutDecision, 0),
    faultNotRefused: exactly(failed.notRefused, 0),
    faultActsAfter: exactly(failed.actsAfter, 0),
    faultUnclosed: exactly(failed.unclosed, 0),
    faultUnverified: exactly(failed.unverified, 0),
    faultUnexpected: exactly(failed.unexpected.length, 0),
  }
}

function fullDiskTargets(full: FullDiskFigures, rounds: number): Targets {
  return {
    fullDiskReached: exactly(full.filled + full.refusedStarts, rounds),
    fullDiskLost: exactly(full.lost, 0),
    fullDiskActsWithoutDecision: exactly(full.actsWithoutDecision + full.actsBeforeDecision, 0),
    fullDiskNotRefused: exactly(full.notRefused, 0),
    fullDiskActsAfter: exactly(full.actsAfter, 0),
    fullDiskUnclosed: exactly(full.unclosed, 0),
    fullDiskVerified: exactly(full.verified ? 1 : 0, 1),
    fullDiskUnexpected: exactly(full.unexpected.length, 0),
  }
}

function logTargets(log: CrashFigures): Targets {
  return {
    logLost: exactly(log.lost, 0),
    logUnverified: exactly(log.unverified, 0),
    logFaultLost: exactly(log.faultLost, 0),
    logFaultUnverified: exactly(log.faultUnverified, 0),
  }
}
