import type { Hosts } from '../ports/hosts.ts'
import { readDomain, type Reading } from './domain-name.ts'

/** Longest address list read, in UTF-16 units. */
const LIST_CHARS_MAX = 64_000
/** Most addresses in one list. */
const ADDRESSES_MAX = 1_000

/**
 * Hosts of a list of mail addresses: `a@b`, `Name <a@b>`, `"Name, First" <a@b>`, separated by commas or semicolons. It takes
 * the part of RFC 5322 that all mail programs read alike. Refused: quoted local parts, comments, groups, routes, percent and
 * bang paths, a second at sign, escapes, control characters, and an address inside a display name.
 * @see RFC 5322, sections 3.4 and 4.4
 */
export function readAddresses(text: string, hosts: Hosts): Reading {
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (text.length > LIST_CHARS_MAX || /[\u0000-\u001f\u007f-\u00a0\\\u1680\u2000-\u200f\u2028-\u202f\u3000\ufeff]/.test(text))
    return undefined
  const found: string[] = []
  for (const piece of split(text) ?? ['']) {
    const host = readOne(piece, hosts)
    if (host === undefined || found.length >= ADDRESSES_MAX) return undefined
    found.push(host)
  }
  return found.length === 0 ? undefined : found
}

/** At separators outside quotes; empty pieces cannot be a recipient and are left out. `undefined` when a quote stays open. */
function split(text: string): readonly string[] | undefined {
  const pieces: string[] = []
  let quoted = false
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    const char = text[i]
    if (char === '"') quoted = !quoted
    if (char === undefined || (!quoted && (char === ',' || char === ';'))) {
      const piece = text.slice(start, i).trim()
      if (piece !== '') pieces.push(piece)
      start = i + 1
    }
  }
  return quoted ? undefined : pieces
}

function readOne(piece: string, hosts: Hosts): string | undefined {
  if (!piece.endsWith('>')) return readSpec(piece, hosts)
  const open = piece.indexOf('<')
  return open >= 0 && isDisplayName(piece.slice(0, open).trim()) ? readSpec(piece.slice(open + 1, -1), hosts) : undefined
}

/** Words without any character that means something in an address; a comma only inside quotes. */
function isDisplayName(text: string): boolean {
  return /^[\p{L}\p{M}\p{N} .'’&_/+-]*$/u.test(text) || /^"[\p{L}\p{M}\p{N} .,'’&_/+-]*"$/u.test(text)
}

function readSpec(text: string, hosts: Hosts): string | undefined {
  const at = text.indexOf('@')
  const local = text.slice(0, Math.max(0, at))
  if (at < 1 || local.length > 64 || !/^[A-Za-z0-9_+'=~.-]+$/.test(local)) return undefined
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..')) return undefined
  return readDomain(text.slice(at + 1), hosts)
}
