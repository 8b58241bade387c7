import type { Hosts } from '../ports/hosts.ts'
import { readAddresses } from './addresses.ts'
import { readDomain, type Reading } from './domain-name.ts'

/** Longest URL read, in UTF-16 units. */
const URL_CHARS_MAX = 8_000

/**
 * Host of an absolute http(s) URL, or the hosts of a mailto URL's addresses. Refused: other schemes, user names in the
 * authority, backslashes, blanks, control characters, IP addresses, and whatever the platform's parser reads differently.
 * @see WHATWG URL, section 4.4; RFC 6068
 */
export function readUrl(text: string, hosts: Hosts): Reading {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (text.length > URL_CHARS_MAX || /[\u0000-\u0020\u007f-\u00a0\\\u1680\u2000-\u200f\u2028-\u202f\u3000\ufeff]/.test(text))
    return undefined
  if (/^mailto:/i.test(text)) return readMailto(text.slice('mailto:'.length), hosts)
  // Older readers end the user name at the last at sign before the path, wherever a query seems to start.
  if (/^https?:\/\/[^/]*@/i.test(text)) return undefined
  const authority = /^https?:\/\/([^/?#]+)/i.exec(text)?.[1]
  if (authority === undefined) return undefined
  const host = readHost(authority, hosts)
  return host !== undefined && hosts.urlHost(text) === host[0] ? host : undefined
}

/** A host name, with or without a port. */
export function readHost(text: string, hosts: Hosts): Reading {
  const match = /^([^:]*)(?::([0-9]{1,5}))?$/.exec(text)
  const host = readDomain(match?.[1] ?? '', hosts)
  return host === undefined ? undefined : [host]
}

/** Headers that add recipients, and those that cannot. */
const MAILTO_ADDRESSES = new Set(['to', 'cc', 'bcc', 'reply-to', 'from'])
const MAILTO_TEXTS = new Set(['subject', 'body', 'in-reply-to', 'keywords'])

function readMailto(rest: string, hosts: Hosts): Reading {
  if (rest.includes('#')) return undefined
  const mark = rest.indexOf('?')
  const parts = [mark < 0 ? rest : rest.slice(0, mark)]
  for (const pair of mark < 0 ? [] : rest.slice(mark + 1).split('&')) {
    const equals = pair.indexOf('=')
    const name = pair.slice(0, Math.max(0, equals)).toLowerCase()
    if (MAILTO_ADDRESSES.has(name)) parts.push(pair.slice(equals + 1))
    else if (!MAILTO_TEXTS.has(name)) return undefined
  }
  const found: string[] = []
  for (const part of parts) {
    const reading = part === '' ? [] : readAddresses(part, hosts)
    if (reading === undefined) return undefined
    found.push(...reading)
  }
  return found.length === 0 ? undefined : found
}
