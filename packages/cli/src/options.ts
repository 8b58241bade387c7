import { isJsonObject, type JsonObject, parseJson } from '@sallyport/core'
import { InvalidArgumentError } from 'commander'

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `15m`, `12h`, `30d` as milliseconds, for commander. */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? []
  const unitMs = UNITS[unit]
  if (unitMs === undefined) throw new InvalidArgumentError('write a number and s, m, h or d, such as 15m or 30d.')
  return Number(count) * unitMs
}

/** A whole number from 0, for commander. */
export function parseCount(text: string): number {
  if (!/^(?:0|[1-9]\d{0,14})$/.test(text)) throw new InvalidArgumentError('write a whole number.')
  return Number(text)
}

/** `server.tool` into its parts, for commander: the first dot ends the server. */
export function parseToolName(text: string): { readonly server: string; readonly tool: string } {
  const at = text.indexOf('.')
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('write server.tool.')
  return { server: text.slice(0, at), tool: text.slice(at + 1) }
}

/** A JSON object, for commander. */
export function parseObject(text: string): JsonObject {
  try {
    const value = parseJson(text)
    if (isJsonObject(value)) return value
  } catch {
    // Said below, whatever is wrong with it.
  }
  throw new InvalidArgumentError('write a JSON object.')
}

/** Collects a repeated option. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

/** Leaves out what was not given, so that defaults of the control plane hold. */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
