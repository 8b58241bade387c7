import { z } from 'zod'
import { GatewayError } from '../errors.ts'

/** Money is counted in billionths of its unit: whole numbers, never fractions of a double. */
const NANO_DIGITS = 9
const NANOS_PER_UNIT = 1_000_000_000
const TOKENS_PER_PRICE = 1_000_000n

/** ISO 4217. */
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be a currency such as "EUR"')
  .meta({ description: 'Currency by its three letters. Nothing is converted.' })

/** At most 999,999.999999999, so that sums over a window stay exact. */
export const MoneyAmount = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,5})(?:\.\d{1,9})?$/, 'must be a decimal in quotes such as "250.00", below one million')

/** What a model costs, per million tokens, as its provider’s price list says it. */
export const ModelPrice = z
  .strictObject({
    currency: Currency,
    input: MoneyAmount.meta({ description: 'Per million tokens of input.' }),
    output: MoneyAmount.meta({ description: 'Per million tokens of output, reasoning included.' }),
    cachedInput: MoneyAmount.optional().meta({ description: 'Per million tokens read from a cache; as `input` unless set.' }),
    cacheWrite: MoneyAmount.optional().meta({ description: 'Per million tokens written to a cache; as `input` unless set.' }),
  })
  .meta({ id: 'ModelPrice', description: 'Prices as exact decimals in quotes, per million tokens.' })
export type ModelPrice = z.infer<typeof ModelPrice>

/** Tokens of one call, as its provider counts them. */
export interface TokenUsage {
  /** Everything that was read, caches included. */
  readonly input: number
  readonly output: number
  /** Part of `input` that was read from a cache. */
  readonly cached?: number
  /** Part of `input` that was written to a cache. */
  readonly written?: number
}

/** @returns Billionths. @throws GatewayError `CONFIG_INVALID` for what `MoneyAmount` does not take */
export function nanosOf(amount: string): number {
  if (!MoneyAmount.safeParse(amount).success) throw new GatewayError('CONFIG_INVALID', 'an amount of money is not a decimal')
  const [units = '0', fraction = ''] = amount.split('.')
  return Number(units) * NANOS_PER_UNIT + Number(fraction.padEnd(NANO_DIGITS, '0'))
}

/** As people write it: at least two digits after the point, and no zeros that say nothing. */
export function moneyText(nanos: number): string {
  const fraction = String(nanos % NANOS_PER_UNIT)
    .padStart(NANO_DIGITS, '0')
    .replace(/0{1,7}$/, '')
  return `${Math.floor(nanos / NANOS_PER_UNIT)}.${fraction}`
}

/** What these tokens cost, in billionths, rounded up once. A share of the input that is larger than it counts as all of it. */
export function costNanos({ input, output, cached = 0, written = 0 }: TokenUsage, price: ModelPrice): number {
  const fromCache = Math.min(cached, input)
  const toCache = Math.min(written, input - fromCache)
  const parts: readonly (readonly [tokens: number, price: string])[] = [
    [input - fromCache - toCache, price.input],
    [fromCache, price.cachedInput ?? price.input],
    [toCache, price.cacheWrite ?? price.input],
    [output, price.output],
  ]
  const sum = parts.reduce((total, [tokens, each]) => total + BigInt(tokens) * BigInt(nanosOf(each)), 0n)
  const nanos = (sum + TOKENS_PER_PRICE - 1n) / TOKENS_PER_PRICE
  return nanos > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(nanos)
}

/** The most that so many tokens can cost, whatever of the input lies in a cache. */
export function costNanosMax(tokens: Pick<TokenUsage, 'input' | 'output'>, price: ModelPrice): number {
  const { input } = tokens
  return Math.max(
    costNanos(tokens, price),
    costNanos({ ...tokens, cached: input }, price),
    costNanos({ ...tokens, written: input }, price),
  )
}
