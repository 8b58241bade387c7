import type { Sighting } from '../../define-detector.ts'
import { decodeLooseBase64 } from '../../loose-base64.ts'

/** Shortest (`{"alg":""}`) and longest header, in UTF-16 units. */
const HEADER_UNITS_MIN = 14
const HEADER_UNITS_MAX = 1_024
/** Two more parts, or four of an encrypted token, whose key may be empty; and least units of them all. */
const PARTS = /[A-Za-z0-9_-]{0,8000}(?:\.[A-Za-z0-9_-]{0,8000}){1,3}/y
const PARTS_UNITS_MIN = 10

/** The run of header letters looked at last: many beginnings in one run share its end, so that time stays linear. */
interface Run {
  end: number
  tries: number
}

/** Most beginnings tried in one run. */
const TRIES_MAX = 8

/**
 * Finds JSON Web Tokens: three base64url parts, or four more for an encrypted one, the first of which is a JSON object with `alg`.
 * Made anew for each text, whose places it is to be asked in order.
 * @see RFC 7519, section 3; RFC 7516, section 3.1
 */
export function jsonWebTokens(text: string): (at: number) => Sighting | undefined {
  const run: Run = { end: 0, tries: 0 }
  return (at) => {
    if (at >= run.end) {
      run.end = endOfRun(text, at)
      run.tries = 0
    }
    if (
      text.charCodeAt(run.end) !== 46 ||
      run.end - at < HEADER_UNITS_MIN ||
      run.end - at > HEADER_UNITS_MAX ||
      ++run.tries > TRIES_MAX
    )
      return undefined
    if (!hasAlgorithm(text.slice(at, run.end))) return undefined
    PARTS.lastIndex = run.end + 1
    const rest = PARTS.exec(text)?.[0].replace(/\.{1,3}$/, '') ?? ''
    if (rest.length < PARTS_UNITS_MIN) return undefined
    return { code: 'json_web_token', severity: 'high', class: 'secret', start: at, end: run.end + 1 + rest.length }
  }
}

function endOfRun(text: string, at: number): number {
  let end = at
  while (end < text.length && isUrlSafe(text.charCodeAt(end))) end++
  return end
}

function isUrlSafe(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122) || unit === 45 || unit === 95
}

function hasAlgorithm(header: string): boolean {
  try {
    const parsed: unknown = JSON.parse(decodeLooseBase64(header) ?? '')
    return typeof parsed === 'object' && parsed !== null && 'alg' in parsed && typeof parsed.alg === 'string'
  } catch {
    return false
  }
}
