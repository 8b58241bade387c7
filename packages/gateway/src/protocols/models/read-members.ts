import { GatewayError, isJsonObject, type Json, type JsonObject, type TokenUsage } from '@sallyport/core'

/** Most messages, parts or tools of one request. */
const ITEMS_MAX = 20_000
/** Longest text that is recorded of a parameter. */
const PARAM_CHARS_MAX = 64

/** Objects of a list; what is no object is no part of any wire. @throws GatewayError `REQUEST_PARAMS` */
export function objects(value: Json | undefined, name: string): readonly JsonObject[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > ITEMS_MAX) throw new GatewayError('REQUEST_PARAMS', `${name} is not a list`)
  return (value as readonly Json[]).map((item) => {
    if (!isJsonObject(item)) throw new GatewayError('REQUEST_PARAMS', `an item of ${name} is not an object`)
    return item
  })
}

/** As `objects`, for what a provider sends: what does not fit is left out. */
export function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : []
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

export function memberOf(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value[name] : undefined
}

export function countOf(value: Json | undefined): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
}

/** A count that a provider or a caller states; `undefined` when it is none. */
export function countIn(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** Usage as far as a provider told it. What is no count is not taken for none. */
export function tokensOf(told: Readonly<Record<keyof TokenUsage, Json | undefined>>): Partial<TokenUsage> {
  return Object.fromEntries(
    Object.entries(told).flatMap(([name, value]) => {
      const count = countIn(value)
      return count === undefined ? [] : [[name, count]]
    }),
  )
}

/** Usage of which nothing is missing. */
export function wholeUsage({ input, output, ...caches }: Partial<TokenUsage>): { usage?: TokenUsage } {
  return input === undefined || output === undefined ? {} : { usage: { input, output, ...caches } }
}

/** The largest of several bounds; `undefined` when none is a count. */
export function boundIn(...values: readonly (Json | undefined)[]): { outputTokens?: number } {
  const counts = values.map(countIn).filter((count) => count !== undefined)
  return counts.length === 0 ? {} : { outputTokens: Math.max(...counts) }
}

/** @throws GatewayError `REQUEST_PARAMS` */
export function modelName(body: JsonObject): string {
  const { model } = body
  if (typeof model !== 'string' || model === '' || model.length > 200)
    throw new GatewayError('REQUEST_PARAMS', 'model is not a name of at most 200 characters')
  return model
}

/** Members of a request that this gateway does not know: as features, so that somebody has to grant them. */
export function unknownMembers(body: JsonObject, known: ReadonlySet<string>): readonly string[] {
  return Object.keys(body)
    .filter((name) => !known.has(name) && body[name] !== undefined && body[name] !== null)
    .map((name) => `parameter:${name.slice(0, PARAM_CHARS_MAX)}`)
}

/** Parameters that say how a model is to answer. */
export function paramsOf(body: JsonObject, names: readonly string[]): Readonly<Record<string, string | number | boolean>> {
  const found = names.flatMap((name): [string, string | number | boolean][] => {
    const value = body[name]
    if (typeof value === 'number' || typeof value === 'boolean') return [[name, value]]
    return typeof value === 'string' && value.length <= PARAM_CHARS_MAX && /^[\w.-]*$/.test(value) ? [[name, value]] : []
  })
  return Object.fromEntries(found)
}

/** Each once, in order. */
export function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}
