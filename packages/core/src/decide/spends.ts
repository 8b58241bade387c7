import type { Action } from '../model/action.ts'
import { sha256Hex } from '../model/bytes.ts'
import { jcs } from '../model/jcs.ts'
import { BUDGET_WINDOWS_MS, type BudgetScope, type ModelBudget } from '../model/model-budget.ts'
import type { Candidate, ModelFacts } from '../model/model-facts.ts'
import { costNanos, costNanosMax, moneyText, nanosOf, type ModelPrice, type TokenUsage } from '../model/money.ts'
import type { Principal } from '../model/principal.ts'
import type { CompiledManifest } from './compile.ts'
import type { Exhausted, Facts } from './facts.ts'
import { taskOf } from './grants.ts'

export type SpendUnit = 'calls' | 'tokens' | 'inputTokens' | 'outputTokens' | 'money'

/** An amount drawn on a budget: at most `max` in any `windowMs`, counted under `key`. Money is in billionths. */
export interface Spend {
  readonly key: string
  readonly unit: SpendUnit
  readonly currency?: string
  readonly per: BudgetScope
  readonly amount: number
  readonly max: number
  readonly windowMs: number
}

/** A window is kept in so many parts. An amount is held until the part it fell into is older than the window. */
export const SLOTS_PER_WINDOW = 1_000

/** How long an amount can count, in milliseconds: the window and one part of it. */
export function heldMs(windowMs: number): number {
  return windowMs + windowMs / SLOTS_PER_WINDOW
}

/** What a model call may use at most, on every budget it counts against. Keys outlive versions of the manifest. */
export function spendsOf(
  principal: Principal,
  action: Action,
  { manifest, model }: Pick<Facts, 'manifest' | 'model'>,
): readonly Spend[] {
  const task = manifest && taskOf(principal, manifest)
  if (!task || !model || model.eligibility.eligible.length === 0) return []
  const ofAgent = manifest.modelBudgets.flatMap((budget) => drawsOn(budget, principal, false))
  const ofTask = (task.models.policy.budgets ?? []).flatMap((budget) => drawsOn(budget, principal, true))
  const byKey = new Map<string, Limit>()
  for (const limit of [...ofAgent, ...ofTask]) {
    const known = byKey.get(limit.key)
    if (!known || limit.max < known.max) byKey.set(limit.key, limit)
  }
  const { eligible } = model.eligibility
  return [...byKey.values()]
    .filter(({ unit }) => unit === 'calls' || action.kind !== 'model.count')
    .map((limit) => ({ ...limit, amount: Math.max(...eligible.map((candidate) => boundOf(limit, model, { action, candidate }))) }))
}

/** Currencies in which the budgets of a call count money. */
export function currenciesOf(principal: Principal, manifest: CompiledManifest): readonly string[] {
  const budgets = [...manifest.modelBudgets, ...(taskOf(principal, manifest)?.models.policy.budgets ?? [])]
  return [...new Set(budgets.flatMap(({ money }) => (money ? [money.currency] : [])))]
}

/** How a call ended, as far as its providers said. */
export interface Used {
  /** Attempts that may have been answered, and whose usage nobody told. */
  readonly lost: number
  readonly answered?: { readonly usage: TokenUsage; readonly price?: ModelPrice }
}

/** What a call used in the end. Where nobody told, all that was reserved: once for each attempt that may have been answered. */
export function settledSpends(spends: readonly Spend[], { lost, answered }: Used): readonly Spend[] {
  return spends.map((spend) =>
    spend.unit === 'calls' ? spend : { ...spend, amount: lost * spend.amount + (answered ? usedOf(spend, answered) : 0) },
  )
}

/** The refusal of a spend that finds `used` taken already. */
export function exhaustedBy(spend: Spend, used: number): { readonly exhausted: Exhausted; readonly limit: string } {
  const { unit, currency, per, windowMs, max, amount } = spend
  const text = (value: number): string => (unit === 'money' ? moneyText(value) : String(value))
  const exhausted: Exhausted = {
    unit: currency ?? unit,
    per,
    windowMs,
    limit: text(max),
    used: text(used),
    asked: text(amount),
  }
  const limit = `${exhausted.unit} per ${per} within ${windowMs} ms: ${exhausted.used} of ${exhausted.limit} used, ${exhausted.asked} asked for`
  return { exhausted, limit }
}

type Limit = Omit<Spend, 'amount'>

function drawsOn(budget: ModelBudget, principal: Principal, isOfTask: boolean): readonly Limit[] {
  const { per, window, money, calls, tokens, inputTokens, outputTokens } = budget
  const windowMs = BUDGET_WINDOWS_MS[window]
  const limit = (unit: SpendUnit, max: number, currency?: string): Limit => ({
    key: ['spend', currency ?? unit, window, ...placeOf(per, principal, isOfTask)].join(':'),
    unit,
    ...(currency !== undefined && { currency }),
    per,
    max,
    windowMs,
  })
  const counted = Object.entries({ calls, tokens, inputTokens, outputTokens }) as [SpendUnit, number | undefined][]
  return [
    ...counted.flatMap(([unit, max]) => (max === undefined ? [] : [limit(unit, max)])),
    ...(money ? [limit('money', nanosOf(money.amount), money.currency)] : []),
  ]
}

/** Users are named by a digest: budgets stand in the record, and their names say nothing of people. Work without a user is one. */
function placeOf(per: BudgetScope, { agent, task = '', user }: Principal, isOfTask: boolean): readonly string[] {
  const ofTask = isOfTask || per === 'task' ? ['task', task] : []
  const ofUser = per === 'user' ? ['user', user ? sha256Hex(jcs([user.issuer, user.id])).slice(0, 32) : 'system'] : []
  return ['agent', agent, ...ofTask, ...ofUser]
}

interface Asked {
  readonly action: Action
  readonly candidate: Candidate
}

function boundOf({ unit, currency }: Limit, { bound }: ModelFacts, { action, candidate }: Asked): number {
  const input = bound.inputTokens
  const output = action.kind === 'model.call' ? (bound.outputTokens ?? candidate.outputTokensMax) * bound.answers : 0
  const { price } = candidate
  switch (unit) {
    case 'calls':
      return 1
    case 'tokens':
      return input + output
    case 'inputTokens':
      return input
    case 'outputTokens':
      return output
    case 'money':
      // One without a price in this currency is not asked.
      return price?.currency === currency && price ? costNanosMax({ input, output }, price) : 0
  }
}

function usedOf({ unit, currency, amount }: Spend, { usage, price }: NonNullable<Used['answered']>): number {
  switch (unit) {
    case 'calls':
      return amount
    case 'tokens':
      return usage.input + usage.output
    case 'inputTokens':
      return usage.input
    case 'outputTokens':
      return usage.output
    case 'money':
      return price?.currency === currency && price ? costNanos(usage, price) : amount
  }
}
