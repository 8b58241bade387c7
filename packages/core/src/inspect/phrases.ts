import type { Finding } from '../model/finding.ts'
import type { Sighting } from './define-detector.ts'
import { BREAK, wordKey, type Words } from './words.ts'

/** Words by name; a phrase calls them by that name, in capitals. */
export type WordSets = Readonly<Record<string, string>>

/**
 * A phrase in short hand, for example `^IGNORE ~3 previous/prior ~2 RULES`: words or names of sets, alternatives parted by `/`,
 * each right behind the one before, or at most so many words later, in the same sentence (`~3`) or in the same clause (`-3`).
 * `^`: only where an order can begin, that is at the start of a clause or behind a word such as "please" or "must".
 */
export type PhraseText = string

/** Phrases ready to be looked for. */
export interface PhraseBook<C extends string = string> {
  readonly byFirst: ReadonlyMap<number, readonly Phrase<C>[]>
  /** One bit for each value that the lowest 13 bits of a first word's key take, so that almost no other word is looked up. */
  readonly sieve: Uint8Array
  /** How many kinds of phrases there are; `MATCHES_MAX` holds for each. */
  readonly kinds: number
}

/** One phrase that was found: its code, its strength, and its first and last word. */
export interface Match<C extends string = string> {
  readonly code: C
  readonly severity: Finding['severity']
  readonly first: number
  readonly last: number
}

interface Phrase<C extends string> {
  /** Number of its code and severity in the book. */
  readonly kind: number
  readonly code: C
  readonly severity: Finding['severity']
  readonly isOrder: boolean
  readonly parts: readonly Part[]
}
interface Part {
  readonly keys: ReadonlySet<number>
  /** One bit for each value of the lowest ten bits of a key: almost every other word is turned away by it. */
  readonly bits: Int32Array
  /** Most words between this part and the one before. */
  readonly gapMax: number
  /** The break that ends the search. */
  readonly stop: number
}

/** Most matches of one kind of phrase in a text; further ones would say the same. */
const MATCHES_MAX = 16
const SIEVE_BITS = 13
const SIEVE_MASK = (1 << SIEVE_BITS) - 1

/** Words behind which an order can stand within a clause. */
const OPENERS = new Set(
  'please now then and but just also you must should shall will instead first kindly simply immediately always next so can could would to lets let'
    .split(' ')
    .map(wordKey),
)

/** Makes phrases ready, once, when the module loads. @throws RangeError on a set that does not exist or a word that is none. */
export function phraseBook<C extends string>(
  sets: WordSets,
  phrases: readonly (readonly [code: C, severity: Finding['severity'], ...texts: readonly PhraseText[]])[],
): PhraseBook<C> {
  const byFirst = new Map<number, Phrase<C>[]>()
  const sieve = new Uint8Array(SIEVE_MASK + 1)
  const keysOf = keyReader(sets)
  for (const [kind, [code, severity, ...texts]] of phrases.entries())
    for (const text of texts) {
      const isOrder = text.startsWith('^')
      const phrase = { kind, code, severity, isOrder, parts: partsOf(isOrder ? text.slice(1) : text, keysOf) }
      for (const key of phrase.parts[0]?.keys ?? []) {
        byFirst.set(key, [...(byFirst.get(key) ?? []), phrase])
        sieve[key & SIEVE_MASK] = 1
      }
    }
  return { byFirst, sieve, kinds: phrases.length }
}

/** Every phrase of the book that the words contain, at most `MATCHES_MAX` of one kind. Time linear in the words. */
export function findPhrases<C extends string>(book: PhraseBook<C>, words: Words): readonly Match<C>[] {
  const { keys, count } = words
  const { sieve, byFirst } = book
  const matches: Match<C>[] = []
  let seen: Uint8Array | undefined
  for (let at = 0; at < count; at++) {
    const key = keys[at] ?? 0
    if (sieve[key & SIEVE_MASK] === 0) continue
    for (const phrase of byFirst.get(key) ?? NONE) {
      const { kind, code, severity } = phrase
      if (seen && (seen[kind] ?? 0) >= MATCHES_MAX) continue
      const last = phrase.isOrder && !canOpen(words, at) ? -1 : follow(phrase.parts, words, at)
      if (last < 0) continue
      matches.push({ code, severity, first: at, last })
      seen ??= new Uint8Array(book.kinds)
      seen[kind] = (seen[kind] ?? 0) + 1
    }
  }
  return matches
}

const NONE: readonly never[] = []

/** The place of a match in its text. */
export function placeOf(words: Words, { first, last }: Pick<Match, 'first' | 'last'>): Pick<Sighting, 'start' | 'end'> {
  return { start: words.starts[first] ?? 0, end: words.ends[last] ?? 0 }
}

const RANK = { info: 0, low: 1, medium: 2, high: 3 } as const

/** Of sightings of one code that overlap, the most severe. */
export function distinct(sightings: readonly Sighting[]): readonly Sighting[] {
  const kept: Sighting[] = []
  for (const { code, severity, start, end } of sightings.toSorted(
    (a, b) => RANK[b.severity] - RANK[a.severity] || a.start - b.start,
  ))
    if (!kept.some((other) => other.code === code && start < other.end && other.start < end))
      kept.push({ code, severity, start, end })
  return kept.toSorted((a, b) => a.start - b.start)
}

/** Whether an order can begin with this word. */
export function canOpen({ breaks, keys }: Words, at: number): boolean {
  return at === 0 || breaks[at] !== BREAK.none || OPENERS.has(keys[at - 1] ?? 0)
}

/** The last word of a phrase whose first part stands at `at`; -1 when the others do not follow. */
function follow(parts: readonly Part[], words: Words, at: number): number {
  let last = at
  for (let index = 1; index < parts.length; index++) {
    const part = parts[index]
    if (!part) break
    last = nextOf(part, words, last)
    if (last < 0) return -1
  }
  return last
}

/** The first word of the part behind `last`; -1 when there is none near enough. */
function nextOf({ keys, bits, gapMax, stop }: Part, words: Words, last: number): number {
  const end = Math.min(words.count, last + 2 + gapMax)
  for (let next = last + 1; next < end; next++) {
    if ((words.breaks[next] ?? 0) >= stop) return -1
    const key = words.keys[next] ?? 0
    if ((((bits[(key >>> 5) & 31] ?? 0) >>> (key & 31)) & 1) === 1 && keys.has(key)) return next
  }
  return -1
}

function bitsOf(keys: Iterable<number>): Int32Array {
  const bits = new Int32Array(32)
  for (const key of keys) bits[(key >>> 5) & 31] = (bits[(key >>> 5) & 31] ?? 0) | (1 << (key & 31))
  return bits
}

function partsOf(text: PhraseText, keysOf: (name: string) => readonly number[]): readonly Part[] {
  const parts: Part[] = []
  let gapMax = 0
  let stop: number = BREAK.sentence
  for (const item of text.split(' ')) {
    if (/^[~-]\d/.test(item)) {
      gapMax = Number(item.slice(1))
      stop = item.startsWith('-') ? BREAK.clause : BREAK.sentence
      continue
    }
    const keys = new Set(item.split('/').flatMap(keysOf))
    parts.push({ keys, bits: bitsOf(keys), gapMax, stop })
    gapMax = 0
    stop = BREAK.sentence
  }
  return parts
}

function keyReader(sets: WordSets): (name: string) => readonly number[] {
  const read = new Map(Object.entries(sets).map(([name, words]) => [name, words.split(' ').map(wordKey)] as const))
  return (name) => {
    const keys = /^[A-Z_]+$/.test(name) ? read.get(name) : [wordKey(name)]
    if (!keys) throw new RangeError(`no set of words is called ${name}`)
    return keys
  }
}
