import { z } from 'zod'

/** Most patterns in one list. */
const PATTERNS_MAX = 10_000

/**
 * One allowed host: `example.com` exactly, `*.example.com` everything below it but not itself, or an IP address. IDNA names in
 * their ASCII form (`xn--…`); no scheme, port or path.
 */
export const HostPattern = z
  .string()
  .max(255)
  .regex(
    /^(?:(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.){0,30}[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])$/i,
    'must be a host such as example.com or *.example.com',
  )
export const HostPatterns = z.array(HostPattern).max(PATTERNS_MAX)

/** Whether a list allows a host, given in ASCII and lower case as `webTarget` gives it. */
export type HostList = (host: string) => boolean

/**
 * Compiles a list of patterns. A host costs one look-up per label, however long the list.
 * @throws ZodError for a pattern that is none.
 */
export function hostList(patterns: readonly string[]): HostList {
  const exact = new Set<string>()
  const above = new Set<string>()
  for (const pattern of HostPatterns.parse(patterns)) {
    const lower = pattern.toLowerCase()
    if (lower.startsWith('*.')) above.add(lower.slice(2))
    else exact.add(lower)
  }
  return (host) => {
    if (exact.has(host)) return true
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) if (above.has(host.slice(dot + 1))) return true
    return false
  }
}
