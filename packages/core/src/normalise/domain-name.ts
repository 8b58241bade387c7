import type { Hosts } from '../ports/hosts.ts'

/** Hosts a text names; `undefined` when it has no single reading. */
export type Reading = readonly string[] | undefined

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * A domain name in ASCII, lower case. Refused: IP addresses in any notation, empty labels and trailing dots, and non-ASCII
 * names with a second reading: those that IDNA maps to plain ASCII, and the characters IDNA 2003 and 2008 treat differently.
 * @see UTS #46, section 4 and table 1 (deviation characters)
 */
export function readDomain(text: string, hosts: Hosts): string | undefined {
  if (text === '' || text.length > 253) return undefined
  const isAscii = /^[A-Za-z0-9.-]+$/.test(text)
  // oxlint-disable-next-line no-control-regex -- everything in ASCII that a domain name cannot hold
  if (!isAscii && /[\u0000-\u002c\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a0\u00df\u03c2\u200c\u200d]/.test(text))
    return undefined
  const ascii = hosts.toAscii(text)?.toLowerCase()
  if (ascii === undefined || ascii.length > 253) return undefined
  const labels = ascii.split('.')
  if (!labels.every((label) => LABEL.test(label)) || !/^[a-z]/.test(labels.at(-1) ?? '')) return undefined
  if (isAscii) return ascii === text.toLowerCase() ? ascii : undefined
  return labels.some((label) => label.startsWith('xn--')) ? ascii : undefined
}
