import type { TracedSlot, ValueOrigin } from '../model/flow-facts.ts'
import type { Slot } from './find-slots.ts'
import { compactText, normalText } from './normal-text.ts'

/** Content that entered a session, as it is searched. */
export interface SessionContent extends ValueOrigin {
  /** In the form of `normalText`. */
  readonly text: string
}

/**
 * Values a person approved for a field, by dotted name; `bound` where another rule lets only one value pass. `@company.com` approves
 * every address at that domain.
 */
export type ApprovedValues = Readonly<Record<string, readonly (string | number)[] | 'bound'>>

/** Shorter account numbers are too common to be told by their digits alone. */
const COMPACT_MIN = 10
/** Places told of one value; a value that stands everywhere is told once per source. */
const ORIGINS_MAX = 20

/**
 * Where the values of arguments were found: the whole value, not a part of a longer word, address or number. Linear in the texts
 * for each slot; a value that is found nowhere has no origin.
 * @param approved Values that the grant approves, by dotted name.
 */
export function traceSlots(
  slots: readonly Slot[],
  contents: readonly SessionContent[],
  approved: ApprovedValues = {},
): readonly TracedSlot[] {
  const compact = new Map<SessionContent, string>()
  return slots.map(({ path, field, kind, value }) => {
    const forms = formsOf(value)
    const account = typeof value === 'string' && (kind === 'account' || kind === 'declared') ? accountOf(value) : undefined
    const holds = (content: SessionContent): boolean =>
      forms.some((form) => standsIn(content.text, form)) || (account !== undefined && compactOf(content, compact).includes(account))
    const own = Object.hasOwn(approved, field) ? (approved[field] ?? []) : []
    return {
      path,
      field,
      kind,
      isApproved: own === 'bound' || own.some((one) => isSame(one, value) || isAtDomain(value, one)),
      origins: distinct(contents.filter(holds)),
    }
  })
}

function isSame(a: string | number, b: string | number): boolean {
  return normalText(String(a)) === normalText(String(b))
}

/** One plain address and nothing else: no list, no name before it, no route in its local part, no letter that only looks like one. */
const PLAIN_ADDRESS = /^[A-Za-z0-9._+-]{1,64}(@[A-Za-z0-9.-]{1,253})$/

/** Whether a value is an address at the very domain that was approved, not below it. */
function isAtDomain(value: string | number, approved: string | number): boolean {
  if (typeof value !== 'string' || typeof approved !== 'string') return false
  const domain = PLAIN_ADDRESS.exec(value)?.[1]
  return domain !== undefined && domain.toLowerCase() === approved.toLowerCase()
}

/** Ways in which a value may be written. */
function formsOf(value: string | number): readonly string[] {
  if (typeof value === 'number') {
    const plain = String(value)
    const fixed = Number.isInteger(value) ? [`${plain}.0`, `${plain}.00`] : [value.toFixed(2)]
    return [...new Set([plain, ...fixed])]
  }
  const plain = normalText(value).trim()
  const bare = plain.replace(/^(?:mailto:|[a-z][a-z0-9+.-]*:\/\/)/, '')
  return [...new Set([plain, bare, bare.replace(/^www\./, ''), bare.replace(/\/+$/, '')])].filter((form) => form !== '')
}

function accountOf(value: string): string | undefined {
  const digits = compactText(normalText(value))
  return digits.length >= COMPACT_MIN && /\d{4}/.test(digits) ? digits : undefined
}

function compactOf(content: SessionContent, known: Map<SessionContent, string>): string {
  const text = known.get(content) ?? compactText(content.text)
  known.set(content, text)
  return text
}

/** Characters that go on with an address, a path or a number when a letter or digit follows or goes before. */
const JOINS = /[.\-_@+%/:#?=&]/
const WORD = /[\p{L}\p{N}]/u

/** Whether a form stands in a text as a whole. */
export function standsIn(text: string, form: string): boolean {
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1))
    if (!goesOn(text, at + form.length, 1) && !goesOn(text, at - 1, -1)) return true
  return false
}

/** Whether what stands at a place belongs to the word beside it. `https://` before a host does not. */
function goesOn(text: string, at: number, step: 1 | -1): boolean {
  const next = text[at] ?? ''
  if (WORD.test(next)) return true
  if (step === -1 && (text.slice(Math.max(0, at - 2), at + 1).endsWith('://') || text.slice(0, at + 1).endsWith('mailto:')))
    return false
  return JOINS.test(next) && WORD.test(text[at + step] ?? '')
}

function distinct(contents: readonly SessionContent[]): readonly ValueOrigin[] {
  const all = new Map<string, ValueOrigin>()
  for (const { origin, source, integrity, classes, entry } of contents) {
    const key = `${origin}\n${source ?? ''}\n${integrity}`
    if (!all.has(key) && all.size < ORIGINS_MAX)
      all.set(key, { origin, ...(source !== undefined && { source }), integrity, classes, ...(entry !== undefined && { entry }) })
  }
  return [...all.values()]
}
