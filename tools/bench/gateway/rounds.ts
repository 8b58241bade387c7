import type { Figure } from '../../report.ts'
import type { LoadRequest } from './call.ts'
import type { LoadChild } from './children.ts'

export interface RoundsPlan {
  readonly load: LoadChild
  /** What is compared, by name. */
  readonly contestants: Readonly<Record<string, LoadRequest>>
  readonly connections: readonly number[]
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Medians over the rounds, with the span of the rounds for the rate. */
export interface Rate {
  readonly callsPerSecond: number
  readonly callsPerSecondMin: number
  readonly callsPerSecondMax: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Until the first byte of the body. */
  readonly firstP50Ms: number
  readonly firstP99Ms: number
}
export type Rates = Readonly<Record<string, Readonly<Record<number, Rate>>>>

/**
 * Loads every contestant in turn, round after round, so that whatever else the machine does falls on all of them alike.
 * @throws Error when any answer was wrong: a rate of refusals would mean nothing.
 */
export async function measureRounds(plan: RoundsPlan): Promise<Rates> {
  const seen = new Map<string, Round[]>()
  for (const connections of plan.connections) {
    for (let n = 0; n < plan.rounds; n++) {
      for (const [name, request] of Object.entries(plan.contestants)) {
        await plan.load.run({ ...request, connections, durationMs: plan.warmUpMs })
        const result = await plan.load.run({ ...request, connections, durationMs: plan.measureMs })
        if (result.failed + result.broken > 0 || result.calls === 0)
          throw new Error(`${name} at ${connections} connections: ${JSON.stringify(result)}`)
        const key = `${name} ${connections}`
        const round = {
          callsPerSecond: result.callsPerSecond,
          p50Ms: result.p50Us / 1_000,
          p99Ms: result.p99Us / 1_000,
          firstP50Ms: result.firstP50Us / 1_000,
          firstP99Ms: result.firstP99Us / 1_000,
        }
        seen.set(key, [...(seen.get(key) ?? []), round])
      }
    }
  }
  const rates = (name: string): [number, Rate][] =>
    plan.connections.map((connections) => [connections, rate(seen.get(`${name} ${connections}`) ?? [])])
  return Object.fromEntries(Object.keys(plan.contestants).map((name) => [name, Object.fromEntries(rates(name))]))
}

type Round = Omit<Rate, 'callsPerSecondMin' | 'callsPerSecondMax'>

function rate(rounds: readonly Round[]): Rate {
  const calls = rounds.map((round) => Math.round(round.callsPerSecond))
  const middle = (of: keyof Round): number => round3(median(rounds.map((round) => round[of])))
  return {
    callsPerSecond: median(calls),
    callsPerSecondMin: Math.min(...calls),
    callsPerSecondMax: Math.max(...calls),
    p50Ms: middle('p50Ms'),
    p99Ms: middle('p99Ms'),
    firstP50Ms: middle('firstP50Ms'),
    firstP99Ms: middle('firstP99Ms'),
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

export function round3(value: number): number {
  return Math.round(value * 1_000) / 1_000
}

/** How long each contestant is loaded. */
export function pace(short: boolean): { rounds: number; warmUpMs: number; measureMs: number } {
  return short ? { rounds: 3, warmUpMs: 200, measureMs: 700 } : { rounds: 7, warmUpMs: 300, measureMs: 2_000 }
}

/** Rates as figures of a report. */
export function table(rates: Rates): Figure {
  return Object.fromEntries(
    Object.entries(rates).map(([name, by]) => [
      name,
      Object.fromEntries(Object.entries(by).map(([key, rate]) => [key, { ...rate }])),
    ]),
  )
}
