import { JSON_DEPTH_MAX } from '../../../normalise/parse-json.ts'
import type { Sighting } from '../../define-detector.ts'

/** Most names kept of all open objects together; a document with more is read without looking for names that occur twice. */
const NAMES_MAX = 100_000

/** A text that is JSON: nested deeper than any JSON that enters, or with a name twice, of which programs read different values. */
export function nestedJson(text: string): readonly Sighting[] {
  const { start, end } = trimmed(text)
  const [open, close] = [text[start], text[end - 1]]
  if (!((open === '{' && close === '}') || (open === '[' && close === ']'))) return []
  return scan(text, { start, end })
}

/** Names of an open object; `undefined` for an array. */
type Level = Set<string> | undefined

/** One pass. What is not JSON gives nothing, or nothing that matters: whoever parses it fails. */
function scan(text: string, { start, end }: { readonly start: number; readonly end: number }): readonly Sighting[] {
  const levels: Level[] = []
  let names = 0
  for (let i = start; i < end; i++) {
    const char = text[i]
    if (char === '{' || char === '[') {
      levels.push(char === '{' ? new Set() : undefined)
      if (levels.length > JSON_DEPTH_MAX) return [{ code: 'nested_json_depth', severity: 'medium', start: i, end: i + 1 }]
    } else if (char === '}' || char === ']') levels.pop()
    else if (char === '"') {
      const close = stringEnd(text, i, end)
      if (close < 0) return []
      const level = levels.at(-1)
      if (level && names < NAMES_MAX && isName(text, close + 1)) {
        const name = decoded(text.slice(i, close + 1))
        if (name === undefined) return []
        if (level.has(name)) return [{ code: 'duplicate_keys', severity: 'medium', start: i, end: close + 1 }]
        level.add(name)
        names++
      }
      i = close
    }
  }
  return []
}

/** Index of the quote that closes the string at `start`; -1 when there is none. */
function stringEnd(text: string, start: number, end: number): number {
  for (let i = start + 1; i < end; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i
  }
  return -1
}

/** Whether a colon follows. */
function isName(text: string, at: number): boolean {
  let i = at
  while (isBlank(text.charCodeAt(i))) i++
  return text[i] === ':'
}

/** `"a"` and `"\u0061"` are one name. */
function decoded(quoted: string): string | undefined {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return JSON.parse(quoted) as string
  } catch {
    return undefined
  }
}

function trimmed(text: string): { readonly start: number; readonly end: number } {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return { start, end }
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13
}
