import { GatewayError } from '../errors.ts'
import type { Json, JsonObject } from '../model/json.ts'

/** Deepest nesting accepted in any JSON that enters. */
export const JSON_DEPTH_MAX = 64
/** Most values (array items and object members together) in one document. */
export const JSON_ITEMS_MAX = 200_000

/**
 * Parses JSON that has exactly one reading (I-JSON, RFC 7493): no duplicate keys, no lone surrogates, no integer that a
 * double cannot hold, no `__proto__` key, depth and items bounded. One scan over the text and one walk over the value find what
 * `JSON.parse` would let through.
 * @throws GatewayError `REQUEST_MALFORMED`, without echoing the input.
 */
export function parseJson(text: string): Json {
  if (!text.isWellFormed()) throw malformed('text is not well-formed Unicode')
  // Depth first: 100,000 brackets would cost the parser, and everyone after it, dearly.
  const colons = scan(text)
  const value = parse(text)
  const counted = { members: 0, items: 0 }
  // The only way to write a lone surrogate in well-formed text.
  count(value, counted, /\\u[dD][89a-fA-F]/.test(text))
  // Each member was written with one colon; where some are missing from the value, a later one took an earlier one's place.
  if (counted.members !== colons) throw malformed('an object has the same key twice')
  return value
}

const QUOTE = 34

/** Bounds depth, items and numbers without reading strings, and counts the colons between them. Validity is the parser's to judge. */
function scan(text: string): number {
  let depth = 0
  let commas = 0
  let colons = 0
  let i = 0
  while (i < text.length) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = stringEnd(text, i)
    else if (code === 58) colons++
    else if (code === 44) {
      if (++commas > JSON_ITEMS_MAX) throw tooMany()
    } else if (code === 123 || code === 91) {
      if (++depth > JSON_DEPTH_MAX) throw malformed(`nested deeper than ${JSON_DEPTH_MAX}`)
    } else if (code === 125 || code === 93) depth--
    else if (code === 45 || (code >= 48 && code <= 57)) i = numberEnd(text, i) - 1
    i++
  }
  return colons
}

/** Index of the quote that closes the string at `start`. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  if (end < 0) throw malformed('not valid JSON')
  return end
}

/** Whether an odd number of backslashes stands before a quote. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote
  while (text.charCodeAt(at - 1) === 92) at--
  return (quote - at) % 2 === 1
}

/** Past the number at `start`; an integer beyond 2^53 − 1, or a number that overflows, has no exact double. */
function numberEnd(text: string, start: number): number {
  let i = start + 1
  let exponent = false
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 69 || code === 101) exponent = true
    else if (!((code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46)) break
  }
  if (i - start < 16 && !exponent) return i
  const value = Number(text.slice(start, i))
  if (!Number.isFinite(value)) throw malformed('a number is out of range')
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw malformed('an integer is larger than 2^53 − 1')
  return i
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw malformed('not valid JSON')
  }
}

/** Counts members and items of a value no deeper than `JSON_DEPTH_MAX`. */
function count(value: Json | undefined, counted: { members: number; items: number }, checkStrings: boolean): void {
  if (typeof value === 'string' && checkStrings) requireWellFormed(value)
  if (typeof value !== 'object' || value === null) return
  const isArray = Array.isArray(value)
  const keys = isArray ? [] : Object.keys(value)
  const members: readonly (Json | undefined)[] = isArray ? value : Object.values(value as JsonObject)
  counted.members += keys.length
  counted.items += members.length
  if (counted.items > JSON_ITEMS_MAX) throw tooMany()
  for (const key of keys) {
    if (key === '__proto__') throw malformed('the key "__proto__" is not accepted')
    if (checkStrings) requireWellFormed(key)
  }
  for (const member of members) if (checkStrings || typeof member === 'object') count(member, counted, checkStrings)
}

function requireWellFormed(text: string): void {
  if (!text.isWellFormed()) throw malformed('a string holds a lone surrogate')
}

function tooMany(): GatewayError {
  return malformed(`more than ${JSON_ITEMS_MAX} items`)
}

function malformed(message: string): GatewayError {
  return new GatewayError('REQUEST_MALFORMED', message)
}
