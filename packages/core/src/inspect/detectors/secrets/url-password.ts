import type { Sighting } from '../../define-detector.ts'
import { isPlaceholder } from './placeholder.ts'

/** Longest scheme and longest user name with password, in UTF-16 units. */
const SCHEME_UNITS_MAX = 24
const USERINFO_UNITS_MAX = 512

/**
 * The password in a URL or connection string whose `://` stands at a place: `postgres://user:password@host`. The place is that of
 * user name and password. Templates and words that stand for a password are `low`.
 * @see RFC 3986, section 3.2.1
 */
export function urlPasswordAt(text: string, at: number): Sighting | undefined {
  if (!/[a-z][a-z0-9+.-]*$/i.test(text.slice(Math.max(0, at - SCHEME_UNITS_MAX), at))) return undefined
  const from = at + 3
  const to = endOfUserinfo(text, from)
  if (to === undefined) return undefined
  const userinfo = text.slice(from, to)
  const colon = userinfo.indexOf(':')
  const password = colon < 0 ? '' : userinfo.slice(colon + 1)
  if (password.length < 3) return undefined
  return { code: 'url_password', severity: standsFor(password) ? 'low' : 'high', class: 'secret', start: from, end: to }
}

/** The last at sign before the path: a password may hold one. `undefined` when there is none. */
function endOfUserinfo(text: string, from: number): number | undefined {
  let at: number | undefined
  const stop = Math.min(text.length, from + USERINFO_UNITS_MAX)
  for (let i = from; i < stop; i++) {
    const unit = text.charCodeAt(i)
    if (unit <= 32 || unit === 34 || unit === 39 || unit === 47 || unit === 60 || unit === 92 || unit === 96) break
    // After the at sign, a query ends the host.
    if (at !== undefined && (unit === 63 || unit === 35)) break
    if (unit === 64) at = i
    // Another URL begins.
    if (unit === 58 && text.startsWith('//', i + 1)) return undefined
  }
  return at
}

const COMMON = new Set([
  'password',
  'pass',
  'passwd',
  'pwd',
  'secret',
  'token',
  'user',
  'test',
  'guest',
  'root',
  'admin',
  'postgres',
  'mysql',
  'mypassword',
  'x-oauth-basic',
  'foo',
  'bar',
  'redis',
])

/** A variable, a blank to fill in, or a word everyone writes in examples. */
function standsFor(password: string): boolean {
  return /^[[{<$%(*]/.test(password) || COMMON.has(password.toLowerCase()) || (password.length > 3 && isPlaceholder(password))
}
