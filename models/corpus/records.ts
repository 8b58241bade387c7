import type { Chance, Slots } from './random.ts'
import { fill } from './random.ts'

type Value = string | number | boolean | null | Value[] | { [key: string]: Value }

/** Schemas of tool results: field names by domain; `T` marks free text that a stranger may have written. */
const DOMAINS: Readonly<Record<string, readonly string[]>> = {
  calendar: ['id', 'title:T', 'description:T', 'start_time', 'end_time', 'participants:L', 'location', 'status', 'all_day:B'],
  mail: ['id_', 'sender', 'recipients:L', 'subject:T', 'body:M', 'timestamp', 'read:B', 'attachments:L', 'folder'],
  bank: ['id', 'iban', 'sender', 'recipient', 'amount:N', 'currency', 'date', 'subject:T', 'recurring:B', 'balance:N'],
  shop: ['product_id', 'name', 'price:N', 'stock:N', 'rating:N', 'reviews:R', 'description:T', 'tags:L', 'seller', 'discount:N'],
  review: ['review_id', 'author', 'stars:N', 'title:T', 'text:R1', 'helpful_votes:N', 'verified_purchase:B', 'created_at'],
  ticket: ['ticket_id', 'priority', 'assignee', 'title:T', 'comments:R', 'labels:L', 'state', 'created', 'sla_minutes:N'],
  repo: ['path', 'sha', 'author', 'commit_message:T', 'issues:R', 'stars:N', 'language', 'open_pull_requests:N', 'readme:T'],
  weather: ['city', 'temperature:N', 'humidity:N', 'wind_kph:N', 'forecast:L', 'alert:T', 'updated'],
  health: ['patient_id', 'name', 'age:N', 'diagnosis', 'medication:L', 'notes:T', 'last_visit', 'doctor', 'blood_pressure'],
  travel: [
    'hotel',
    'city',
    'nights:N',
    'price_per_night:N',
    'reviews:R',
    'address',
    'amenities:L',
    'cancellation_policy:T',
    'rating:N',
  ],
  note: ['note_id', 'title:T', 'content:T', 'owner', 'shared_with:L', 'modified', 'pinned:B'],
  chat: ['channel', 'user', 'message:T', 'thread:R', 'reactions:L', 'ts', 'edited:B'],
  home: ['device', 'room', 'state', 'battery:N', 'last_seen', 'schedule:L', 'message:T', 'firmware'],
  search: ['query', 'total:N', 'results:R', 'next_page', 'took_ms:N', 'snippet:T', 'url'],
  people: ['user_id', 'first_name', 'last_name', 'email', 'phone', 'address', 'employer', 'bio:T', 'followers:N', 'verified:B'],
  file: ['file_id', 'filename', 'size:N', 'owner', 'content:T', 'last_modified', 'permissions:L', 'mime'],
  server: ['host', 'status', 'uptime:N', 'errors:N', 'log:T', 'services:L', 'cpu:N', 'memory_mb:N', 'region'],
  library: ['isbn', 'title', 'authors:L', 'abstract:T', 'year:N', 'publisher', 'citations:N', 'comment:T'],
  payment: ['payment_id', 'method', 'status', 'total:N', 'items:L', 'refund_note:T', 'customer', 'processed_at'],
  game: ['match_id', 'players:L', 'score:N', 'server', 'chat:R', 'duration:N', 'winner', 'mode'],
}
/** Domains that only development rows are made of. */
const DEV_DOMAINS = ['library', 'payment', 'game', 'server']

export interface Record_ {
  readonly domain: string
  /** `text` is the printed record; with `planted`, one free text of it is or holds that. */
  readonly text: string
}

/** One or a few results of a made-up tool, printed the way tools print: JSON, YAML, key lines, CSV, a Python dictionary. */
export function record(
  random: Chance,
  slots: Slots,
  options: { free: readonly string[]; dev: boolean; found: readonly string[]; planted?: string },
): Record_ {
  const domain = random.pick(Object.keys(DOMAINS).filter((name) => DEV_DOMAINS.includes(name) === options.dev))
  const shared = random.shuffle(DOMAINS[domain] ?? []).slice(0, 3 + random.below(6))
  const keys = shared.some((key) => /:[TRM]/.test(key)) ? shared : [...shared, 'note:T']
  const count = random.maybe(0.55) ? 1 : 2 + random.below(3)
  const list = Array.from(
    { length: count },
    () =>
      Object.fromEntries(keys.map((key) => [key.split(':')[0] ?? key, value(key, random, { slots, ...options })])) as {
        [key: string]: Value
      },
  )
  if (options.planted !== undefined) plant(random.pick(list), { keys, planted: options.planted }, random)
  return { domain, text: printed(count === 1 ? (list[0] ?? {}) : list, random) }
}

function plant(
  into: { [key: string]: Value },
  { keys, planted }: { keys: readonly string[]; planted: string },
  random: Chance,
): void {
  const key = random.pick(keys.filter((name) => /:[TRM]/.test(name))).split(':')[0] ?? 'note'
  const old = into[key]
  if (Array.isArray(old)) {
    old[random.below(Math.max(1, old.length))] = planted
    return
  }
  const style = random.below(4)
  into[key] = style < 2 ? planted : style === 2 ? `${printable(old)} ${planted}` : `${planted} ${printable(old)}`
}

function value(
  key: string,
  random: Chance,
  { slots, free, found }: { slots: Slots; free: readonly string[]; found: readonly string[] },
): Value {
  const [name = '', type] = key.split(':')
  const text = (): string => (found.length > 0 && random.maybe(0.35) ? random.pick(found) : fill(random.pick(free), slots, random))
  switch (type) {
    case 'T':
      return text()
    case 'M':
      return Array.from({ length: 1 + random.below(4) }, text).join(random.maybe(0.5) ? '\n' : ' ')
    case 'R':
      return Array.from({ length: 1 + random.below(4) }, text)
    case 'R1':
      return text()
    case 'N':
      return random.maybe(0.5) ? random.below(5000) : Math.round(random.next() * 10000) / 100
    case 'B':
      return random.maybe(0.5)
    case 'L':
      return Array.from({ length: random.below(4) }, () =>
        fill(random.pick(['{word}', '{email}', '{person}', '{product}', '{topic}', '{file}']), slots, random),
      )
    case undefined:
    default:
      return plain(name, random, slots)
  }
}

function plain(name: string, random: Chance, slots: Slots): Value {
  if (/(?:^|_)id_?$|sha|isbn/.test(name))
    return random.maybe(0.5)
      ? `${fill('{word}', slots, random).slice(0, 3).toUpperCase()}${random.below(99999)}`
      : random.below(99999)
  if (/time|date|created|modified|updated|start|end|ts|seen|visit|processed/.test(name))
    return `202${random.below(6)}-${String(1 + random.below(12)).padStart(2, '0')}-${String(1 + random.below(28)).padStart(2, '0')}T${String(random.below(24)).padStart(2, '0')}:${String(random.below(60)).padStart(2, '0')}:00Z`
  if (/email|sender|recipient|owner/.test(name)) return fill('{email}', slots, random)
  if (/name|author|user|doctor|assignee|customer|winner|seller/.test(name)) return fill('{person}', slots, random)
  if (/state|status|priority|mode|method/.test(name))
    return random.pick([
      'open',
      'active',
      'pending',
      'done',
      'failed',
      'high',
      'low',
      'cancelled',
      'on',
      'off',
      'card',
      'confirmed',
    ])
  return random.maybe(0.1)
    ? null
    : fill(random.pick(['{word}', '{company}', '{country}', '{word} {n}', '{url}', '{topic}']), slots, random)
}

function printed(value: Value, random: Chance): string {
  const style = random.below(10)
  if (style < 3) return JSON.stringify(value)
  if (style < 5) return JSON.stringify(value, null, 2)
  if (style === 5) return JSON.stringify(value).replaceAll('"', "'").replaceAll('true', 'True').replaceAll('null', 'None')
  if (style === 6) return JSON.stringify({ status: 'success', data: value, error: null })
  const list = (Array.isArray(value) ? value : [value]) as { [key: string]: Value }[]
  if (style === 7)
    return [
      Object.keys(list[0] ?? {}).join(','),
      ...list.map((row) =>
        Object.values(row)
          .map((cell) => JSON.stringify(cell))
          .join(','),
      ),
    ].join('\n')
  const lines = list.map((row) =>
    Object.entries(row)
      .map(
        ([key, cell], i) =>
          `${i === 0 && style === 8 ? '- ' : style === 8 ? '  ' : ''}${key}: ${Array.isArray(cell) ? (cell.length ? cell.map((item) => `\n  - ${printable(item)}`).join('') : '[]') : printable(cell)}`,
      )
      .join('\n'),
  )
  return lines.join('\n')
}

/** Free text as it is; anything else as JSON. */
const printable = (given: Value | undefined): string => (typeof given === 'string' ? given : JSON.stringify(given ?? null))
