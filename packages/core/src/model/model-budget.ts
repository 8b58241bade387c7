import { z } from 'zod'
import { Currency, MoneyAmount } from './money.ts'
import { DurationMs } from './names.ts'

/** Sliding windows of budgets, in milliseconds. A month is 30 days. */
export const BUDGET_WINDOWS_MS = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_592_000_000,
} as const
export type BudgetWindow = keyof typeof BUDGET_WINDOWS_MS

/** Whose calls are counted together. */
export const BUDGET_SCOPES = ['agent', 'user', 'task'] as const
export type BudgetScope = (typeof BUDGET_SCOPES)[number]

const TOKENS_MAX = 1_000_000_000_000
const Tokens = z.int().min(1).max(TOKENS_MAX)

export const ModelBudget = z
  .strictObject({
    per: z.enum(BUDGET_SCOPES).meta({
      description: 'Whose calls are counted together: the agent’s, those for one originating user, those of one task type.',
    }),
    window: z.enum(Object.keys(BUDGET_WINDOWS_MS) as [BudgetWindow, ...BudgetWindow[]]).meta({
      description: 'Length of the sliding window; a month is 30 days.',
    }),
    calls: z.int().min(1).max(1_000_000_000).optional().meta({ description: 'Most calls.' }),
    tokens: Tokens.optional().meta({ description: 'Most tokens, input and output together.' }),
    inputTokens: Tokens.optional().meta({ description: 'Most tokens of input.' }),
    outputTokens: Tokens.optional().meta({ description: 'Most tokens of output.' }),
    money: z
      .strictObject({ amount: MoneyAmount, currency: Currency })
      .optional()
      .meta({ description: 'Most money. Only models with a price in this currency are asked.' }),
  })
  .refine(
    ({ calls, tokens, inputTokens, outputTokens, money }) =>
      [calls, tokens, inputTokens, outputTokens, money].some((limit) => limit !== undefined),
    'must limit calls, tokens, inputTokens, outputTokens or money',
  )
  .meta({ id: 'ModelBudget', description: 'How much model calls may use within a window.' })
export type ModelBudget = z.infer<typeof ModelBudget>

/** Budgets of one place; more than these nobody can follow. */
export const ModelBudgets = z.array(ModelBudget).max(20)

export const LoopLimit = z
  .strictObject({
    repeatsMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(10)
      .meta({ description: 'The same request or tool call this often is still well.' }),
    windowMs: DurationMs.min(1_000).default(600_000).meta({ description: 'Length of the window, in milliseconds.' }),
  })
  .meta({
    id: 'LoopLimit',
    description: 'When an agent that sends the same request, or a model that asks for the same tool call, goes in circles.',
  })
export type LoopLimit = z.infer<typeof LoopLimit>
