import { createHash, timingSafeEqual } from 'node:crypto'

/** Cookies of one console. Over TLS their names bind them to host and path (RFC 6265bis §4.1.3.2). */
export interface Cookies {
  session(header: string | undefined): string | undefined
  flow(header: string | undefined): string | undefined
  setSession(token: string, maxAgeMs: number): string
  /** Comes back with a navigation from the provider, which a strict one would not. */
  setFlow(value: string): string
  readonly clearSession: string
  readonly clearFlow: string
}

const FLOW_S = 600
const HEADER_CHARS_MAX = 16_384

export function cookiesFor(origin: string): Cookies {
  const isSecure = origin.startsWith('https:')
  const prefix = isSecure ? '__Host-' : ''
  const attributes = `Path=/; HttpOnly${isSecure ? '; Secure' : ''}`
  const [session, flow] = [`${prefix}sallyport`, `${prefix}sallyport-flow`]
  return {
    session: (header) => read(header, session),
    flow: (header) => read(header, flow),
    setSession: (token, maxAgeMs) => `${session}=${token}; ${attributes}; SameSite=Strict; Max-Age=${Math.floor(maxAgeMs / 1_000)}`,
    setFlow: (value) => `${flow}=${value}; ${attributes}; SameSite=Lax; Max-Age=${FLOW_S}`,
    clearSession: `${session}=; ${attributes}; SameSite=Strict; Max-Age=0`,
    clearFlow: `${flow}=; ${attributes}; SameSite=Lax; Max-Age=0`,
  }
}

/** Two cookies of one name are none: somebody set a second. */
function read(header: string | undefined, name: string): string | undefined {
  if (header === undefined || header.length > HEADER_CHARS_MAX) return undefined
  const values = header
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1))
  return values.length === 1 && /^[A-Za-z0-9_.-]+$/.test(values[0] ?? '') ? values[0] : undefined
}

/** What a page of this session sends with everything that changes something; pages elsewhere cannot read it. */
export function csrfOf(token: string): string {
  return createHash('sha256').update(`sallyport/v1/csrf\n${token}`).digest('base64url')
}

export function isCsrf(said: unknown, token: string): boolean {
  const expected = Buffer.from(csrfOf(token))
  const given = Buffer.from(typeof said === 'string' ? said : '')
  return given.length === expected.length && timingSafeEqual(given, expected)
}
