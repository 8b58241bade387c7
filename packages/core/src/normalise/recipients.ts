import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'
import type { Hosts } from '../ports/hosts.ts'
import { readAddresses } from './addresses.ts'
import type { Reading } from './domain-name.ts'
import { readHost, readUrl } from './urls.ts'

/** Deepest nesting followed; arguments that passed `parseJson` are never deeper. */
const DEPTH_MAX = 64

/** Someone or something the arguments name as a place where content goes. `host` is ASCII, lower case. */
export interface Recipient {
  /** JSON pointer into the arguments. */
  readonly path: string
  readonly host: string
}
export type Recipients =
  | { readonly ok: true; readonly recipients: readonly Recipient[] }
  | { readonly ok: false; readonly path: string }

type Kind = 'address' | 'url' | 'host' | 'any'

/**
 * Every recipient and URL in the arguments of a call: in fields whose name says so, at any depth, and in any other field whose
 * whole value is an address or an absolute URL. Text with two possible readings is not guessed at: the first such place makes
 * the whole answer `ok: false`, because two programs would send it to different people.
 */
export function findRecipients(args: JsonObject, hosts: Hosts): Recipients {
  const recipients: Recipient[] = []
  const failure = visit({ value: args, path: '', kind: 'any', depth: 0 }, hosts, recipients)
  return failure === undefined ? { ok: true, recipients } : { ok: false, path: failure }
}

interface Place {
  readonly value: Json | undefined
  readonly path: string
  readonly kind: Kind
  readonly depth: number
}

/** Adds what it finds; returns the path of the first value that has no single reading. */
function visit(place: Place, hosts: Hosts, into: Recipient[]): string | undefined {
  const { value, path, kind, depth } = place
  if (depth > DEPTH_MAX) return path
  if (typeof value === 'string') return add(readText(value, kind, hosts), path, into)
  if (typeof value === 'number') return kind === 'any' ? undefined : path
  if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly Json[]).entries()) {
      const failure = visit({ value: item, path: `${path}/${index}`, kind, depth: depth + 1 }, hosts, into)
      if (failure !== undefined) return failure
    }
    return undefined
  }
  if (!isJsonObject(value)) return undefined
  for (const [key, member] of Object.entries(value)) {
    const below = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    // Some senders take recipients as the keys of an object.
    const failure =
      add(readText(key, 'any', hosts), below, into) ??
      visit({ value: member, path: below, kind: kindOf(key), depth: depth + 1 }, hosts, into)
    if (failure !== undefined) return failure
  }
  return undefined
}

function add(reading: Reading, path: string, into: Recipient[]): string | undefined {
  if (reading === undefined) return path
  for (const host of reading) into.push({ path, host })
  return undefined
}

function readText(text: string, kind: Kind, hosts: Hosts): Reading {
  if (text.trim() === '') return []
  switch (kind) {
    case 'address':
      return startsLikeUrl(text) ? readUrl(text, hosts) : readAddresses(text, hosts)
    case 'url':
      return startsLikeUrl(text)
        ? readUrl(text, hosts)
        : looksLikeAddress(text)
          ? readAddresses(text, hosts)
          : readHost(text, hosts)
    case 'host':
      return startsLikeUrl(text) ? readUrl(text, hosts) : readHost(text, hosts)
    case 'any':
      if (startsLikeUrl(text)) return readUrl(text, hosts)
      return looksLikeAddress(text) ? readAddresses(text, hosts) : []
  }
}

const LEADING_MAX = 64
const SCHEME_MAX = 40
/** Schemes without `//` that name a recipient or a place. */
const OPAQUE = new Set([
  'mailto',
  'tel',
  'sms',
  'smsto',
  'sip',
  'sips',
  'xmpp',
  'im',
  'data',
  'javascript',
  'vbscript',
  'file',
  'blob',
  'http',
  'https',
  'ws',
  'wss',
  'ftp',
])

/** An absolute URL, or what a lenient reader takes for one: leading blanks, `//host`, `\\host`, `http:host`. */
function startsLikeUrl(text: string): boolean {
  let start = 0
  while (start < Math.min(text.length, LEADING_MAX) && text.charCodeAt(start) <= 32) start++
  const head = text.slice(start, start + SCHEME_MAX + 3)
  if (/^[\\/]{2}/.test(head)) return !/^\/\/\s/.test(head)
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.?)(.?)/s.exec(head)
  if (!match) return false
  const [, scheme = '', first = '', second = ''] = match
  if (/[\\/]/.test(first) && /[\\/]/.test(second)) return true
  return OPAQUE.has(scheme.toLowerCase()) && first !== '' && !/\s/.test(first)
}

const TAIL_MAX = 400

/** A value that as a whole is an address, or a name with one in angle brackets; full-width at signs included. */
function looksLikeAddress(text: string): boolean {
  const whole = text.trim()
  if (!/[@\uFF20\uFE6B]/.test(whole)) return false
  if (!/\s/.test(whole))
    return !/^[@\uFF20\uFE6B]/.test(whole) || /[@\uFF20\uFE6B].*[@\uFF20\uFE6B]/s.test(whole.slice(0, TAIL_MAX))
  if (whole.endsWith('>') && /<[^<>\s]*[@\uFF20\uFE6B][^<>\s]*>$/.test(whole.slice(-TAIL_MAX))) return true
  return isList(whole)
}

/** Addresses and nothing else, separated by blanks, commas or semicolons. */
function isList(text: string): boolean {
  return text.split(/[\s,;]+/, 1_000).every((piece) => piece === '' || /^[^@\uFF20\uFE6B]+[@\uFF20\uFE6B]/.test(piece))
}

const ADDRESS_NAMES = new Set(
  (
    'to cc bcc from sender replyto returnpath rcptto emailto toaddrs ccto bccto copyto recipient recipients rcpt attendee attendees invitee invitees guest guests sendto forwardto ' +
    'mailto notify tolist cclist bcclist torecipients ccrecipients bccrecipients'
  ).split(' '),
)
const ADDRESS_ENDS = new Set([
  'email',
  'emails',
  'mail',
  'mails',
  'recipient',
  'recipients',
  'address',
  'addresses',
  'addr',
  'addrs',
  'cc',
  'bcc',
])
const URL_ENDS = new Set([
  'url',
  'urls',
  'uri',
  'uris',
  'href',
  'hrefs',
  'link',
  'links',
  'webhook',
  'webhooks',
  'callback',
  'callbacks',
  'website',
  'redirect',
  'src',
])
const HOST_ENDS = new Set(['host', 'hosts', 'hostname', 'hostnames', 'domain', 'domains', 'endpoint', 'endpoints', 'proxy'])
const NAME_MAX = 200

/** What a field's name says about its value, in camel, snake, kebab, dotted or upper case. */
function kindOf(name: string): Kind {
  const words = name
    .slice(-NAME_MAX)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')
  const last = words.at(-1) ?? ''
  if (ADDRESS_NAMES.has(words.join('')) || ADDRESS_ENDS.has(last) || last.endsWith('email') || last.endsWith('recipients'))
    return 'address'
  if (URL_ENDS.has(last) || /(?:url|uri|href|webhook)s?$/.test(last)) return 'url'
  if (HOST_ENDS.has(last) || last.endsWith('hostname')) return 'host'
  return 'any'
}
