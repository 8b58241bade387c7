import type { SlotKind } from '../model/flow-facts.ts'
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'

/** Most arguments looked at; further ones count as found nowhere. */
export const SLOTS_MAX = 100
/** Deepest nesting followed; arguments that passed `parseJson` are never deeper. */
const DEPTH_MAX = 64

/** A link in a text, up to a blank or what usually ends one there. Linear: no part of it can be read in two ways. */
const LINK = /(?<![\p{L}\p{N}.@-])(?:https?:\/\/|www\.)[^\s<>"'()\]]*[\p{L}\p{N}/=&#-]/giu
const LINKS_MAX = 20
const LINKS_CHARS_MAX = 65_536

/** Other texts are traced for the classes of data they may carry: shorter ones stand everywhere, longer ones nowhere as a whole. */
const OTHER_CHARS_MIN = 6
const OTHER_CHARS_MAX = 200

/** An argument whose value decides where an act goes. */
export interface Slot {
  readonly path: string
  readonly field: string
  readonly kind: SlotKind
  readonly value: string | number
}

const EMAIL = /^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/
const URL_LIKE = /^(?:[a-z][a-z0-9+.-]*:\/\/|www\.)\S+$/i
/** An IBAN, a card or another long number, however it is grouped. */
const ACCOUNT = /^(?=(?:[^\d]*\d){8})[a-z]{0,4}[\d][\da-z .-]{6,40}$/i
const DATE = /^\d{4}-\d\d-\d\d/

/** Words of field names that say what a value is for. Names come from reviewed definitions, never from an agent. */
const BY_NAME: readonly (readonly [RegExp, SlotKind])[] = [
  [/^(?:to|cc|bcc)$|recipient|participant|attendee|e_?mail|invitee|receiver|payee|channel|user|member/i, 'recipient'],
  [/url|link|website|host|domain|endpoint|webhook/i, 'url'],
  [/account|iban|card|wallet/i, 'account'],
  [/path|file|folder|directory/i, 'path'],
  [/amount|price|total|sum$/i, 'amount'],
]

/**
 * Every argument that names a person, an address, an account, a file or an amount, by its form or by the name of its field, and
 * every one in `declared` fields. Strings inside longer text are found by form only where the whole value is one.
 * @param declared Dotted names, without positions in lists.
 */
export function findSlots(args: JsonObject, declared: ReadonlySet<string>): readonly Slot[] {
  const found: Slot[] = []
  visit({ value: args, path: '', field: '', name: '', depth: 0 }, declared, found)
  return found
}

interface Place {
  readonly value: Json | undefined
  readonly path: string
  readonly field: string
  readonly name: string
  readonly depth: number
}

function visit({ value, path, field, name, depth }: Place, declared: ReadonlySet<string>, into: Slot[]): void {
  if (into.length >= SLOTS_MAX || depth > DEPTH_MAX) return
  if (typeof value === 'string' || typeof value === 'number') {
    const kind = declared.has(field) ? 'declared' : kindOf(value, name)
    if (kind && value !== '') into.push({ path, field, kind, value })
    // A link in a longer text is where its reader will go.
    if (typeof value === 'string' && kind !== 'url')
      for (const [link] of [...value.slice(0, LINKS_CHARS_MAX).matchAll(LINK)].slice(0, LINKS_MAX))
        into.push({ path, field, kind: 'url', value: link })
  } else if (Array.isArray(value)) {
    for (const [i, item] of (value as readonly Json[]).entries())
      visit({ value: item, path: `${path}/${i}`, field, name, depth: depth + 1 }, declared, into)
  } else if (isJsonObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      const below = {
        path: `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        field: field === '' ? key : `${field}.${key}`,
      }
      visit({ value: member, ...below, name: key, depth: depth + 1 }, declared, into)
    }
  }
}

function kindOf(value: string | number, name: string): SlotKind | undefined {
  if (typeof value === 'string') {
    if (EMAIL.test(value)) return 'recipient'
    if (URL_LIKE.test(value)) return 'url'
    if (ACCOUNT.test(value) && !DATE.test(value)) return 'account'
  }
  const named = BY_NAME.find(([pattern]) => pattern.test(name))?.[1]
  const isTelling = typeof value === 'string' && value.length >= OTHER_CHARS_MIN && value.length <= OTHER_CHARS_MAX
  return named ?? (isTelling ? 'other' : undefined)
}
