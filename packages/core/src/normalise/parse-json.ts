import { GatewayError } from '../errors.ts'
import type { Json } from '../model/json.ts'

/** Deepest nesting accepted in any JSON that enters. */
export const JSON_DEPTH_MAX = 64
/** Most values (array items and object members together) in one document. */
export const JSON_ITEMS_MAX = 200_000

/**
 * Parses JSON that has exactly one reading (I-JSON, RFC 7493): no duplicate keys, no lone surrogates, no integer that a
 * double cannot hold, no `__proto__` key, depth and items bounded. One scan finds what `JSON.parse` would let through.
 * @throws GatewayError `REQUEST_MALFORMED`, without echoing the input.
 */
export function parseJson(text: string): Json {
  if (!text.isWellFormed()) throw malformed('text is not well-formed Unicode')
  let value: unknown
  try {
    // Depth first: JSON.parse itself recurses natively and 100,000 brackets would cost it dearly.
    scan(text)
    value = JSON.parse(text)
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw malformed('not valid JSON')
  }
  return value as Json
}

const QUOTE = 34
const BACKSLASH = 92

/** Walks the text once, character by character; assumes nothing about validity, which `JSON.parse` checks after it. */
function scan(text: string): void {
  const keys: (Set<string> | undefined)[] = []
  let items = 0
  let opened = false
  let i = 0
  while (i < text.length) {
    const code = text.charCodeAt(i)
    // Commas separate values; the first value after an opening bracket has none.
    if (opened && !isSpace(code)) {
      opened = false
      if (code !== 125 && code !== 93 && ++items > JSON_ITEMS_MAX) throw tooMany()
    }
    if (code === QUOTE) {
      const end = stringEnd(text, i)
      const raw = text.slice(i + 1, end)
      const escaped = raw.includes('\\')
      if (escaped && /\\u[dD][89a-fA-F]/.test(raw)) requireWellFormed(text.slice(i, end + 1))
      i = end + 1
      const scope = keys.at(-1)
      if (scope && isKey(text, i)) addKey(scope, escaped ? unescape(text.slice(end - raw.length - 1, end + 1)) : raw)
      continue
    }
    if (code === 123 || code === 91) {
      if (keys.length >= JSON_DEPTH_MAX) throw malformed(`nested deeper than ${JSON_DEPTH_MAX}`)
      keys.push(code === 123 ? new Set() : undefined)
      opened = true
    } else if (code === 125 || code === 93) keys.pop()
    else if (code === 44 && ++items > JSON_ITEMS_MAX) throw tooMany()
    else if (code === 45 || (code >= 48 && code <= 57)) {
      i = numberEnd(text, i)
      continue
    }
    i++
  }
}

/** A string is a key when the next character that counts is a colon. */
function isKey(text: string, from: number): boolean {
  let i = from
  while (i < text.length && isSpace(text.charCodeAt(i))) i++
  return text.charCodeAt(i) === 58
}

function addKey(scope: Set<string>, key: string): void {
  if (key === '__proto__') throw malformed('the key "__proto__" is not accepted')
  if (scope.has(key)) throw malformed('an object has the same key twice')
  scope.add(key)
}

function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) return i
    if (code === BACKSLASH) i++
  }
  throw malformed('not valid JSON')
}

/** Past the number at `start`; an integer beyond 2^53 − 1, or a number that overflows, has no exact double. */
function numberEnd(text: string, start: number): number {
  let i = start + 1
  while (i < text.length && '0123456789.eE+-'.includes(text[i] ?? ' ')) i++
  if (i - start < 16 && !/[eE]/.test(text.slice(start, i))) return i
  const raw = text.slice(start, i)
  const value = Number(raw)
  if (!Number.isFinite(value)) throw malformed('a number is out of range')
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw malformed('an integer is larger than 2^53 − 1')
  return i
}

function requireWellFormed(literal: string): void {
  if (!unescape(literal).isWellFormed()) throw malformed('a string holds a lone surrogate')
}

function unescape(literal: string): string {
  return JSON.parse(literal) as string
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9
}

function tooMany(): GatewayError {
  return malformed(`more than ${JSON_ITEMS_MAX} items`)
}

function malformed(message: string): GatewayError {
  return new GatewayError('REQUEST_MALFORMED', message)
}
