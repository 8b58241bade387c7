/** UTF-16 units looked at before and after a place; about a dozen words and half a dozen. */
const BEFORE_CHARS = 96
const AFTER_CHARS = 48
/** Words directly in front of a value that count as its label, and the UTF-16 units in which they are looked for. */
const LABEL_WORDS = 5
const LABEL_CHARS = 40
/** Longest member name that is read. */
const FIELD_CHARS_MAX = 128

/** Words and phrases to look for, by their first word; `unsegmented` are those of scripts that write no spaces. */
export interface Terms {
  readonly phrases: ReadonlyMap<string, readonly Phrase[]>
  readonly unsegmented: readonly string[]
}
/** The words that must follow the first. */
type Phrase = readonly string[]

/** A place in a text, and the name of the member whose value the text is. */
export interface Place {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly field: string
}

/** The words around a place. */
export interface Context {
  /** Stretches of words that belong together: the member's name, what is in front, what is behind, and the label. */
  readonly near: readonly (readonly string[])[]
  readonly label: readonly (readonly string[])[]
  /** The same stretches as they are written; empty where every word is of a script with spaces. */
  readonly unsegmented: string
}

/** Reads a list such as `ssn, social security, 身份证`. Lower case; a plural `s` is understood. */
export function terms(list: string): Terms {
  const phrases = new Map<string, readonly Phrase[]>()
  const unsegmented: string[] = []
  for (const term of list.split(',').map((one) => one.trim())) {
    const [first = '', ...rest] = wordsOf(term)
    if (UNSEGMENTED.test(term)) unsegmented.push(term)
    else phrases.set(first, [...(phrases.get(first) ?? []), rest])
  }
  return { phrases, unsegmented }
}

/** Reads what stands around a place: a bounded number of characters, whatever the length of the text. */
export function contextOf({ text, start, end, field }: Place): Context {
  const before = text.slice(Math.max(0, start - BEFORE_CHARS), start)
  const after = text.slice(end, end + AFTER_CHARS)
  const name = wordsOf(field.slice(0, FIELD_CHARS_MAX))
  const label = wordsOf(before.slice(-LABEL_CHARS)).slice(-LABEL_WORDS)
  const all = field.slice(0, FIELD_CHARS_MAX) + before + after
  return {
    near: [name, wordsOf(before), wordsOf(after)],
    // The name of a member is the label of its value, where the value does not begin far inside it.
    label: start < LABEL_CHARS ? [label, name] : [label],
    unsegmented: UNSEGMENTED.test(all) ? all : '',
  }
}

/** Whether one of the terms stands near the place, before or after it, or in the name of the member. */
export function isNear({ near, unsegmented }: Context, wanted: Terms): boolean {
  return (
    near.some((words) => holds(words, wanted)) ||
    (unsegmented !== '' && wanted.unsegmented.some((term) => unsegmented.includes(term)))
  )
}

/** Whether one of the terms is among the last words in front of the place, or in the member's name when little is in front. */
export function isLabelled({ label }: Context, wanted: Terms): boolean {
  return label.some((words) => holds(words, wanted))
}

/** Whether a short text holds one of the terms. */
export function hasTerm(text: string, wanted: Terms): boolean {
  return text !== '' && (holds(wordsOf(text), wanted) || wanted.unsegmented.some((term) => text.includes(term)))
}

const UNSEGMENTED = /[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/

/** The words of a short text in lower case, `camelCase` and `snake_case` taken apart, digits left out. */
function wordsOf(text: string): readonly string[] {
  const words: string[] = []
  let start = 0
  let before = 0
  for (let i = 0; i <= text.length; i++) {
    const kind = i < text.length ? letterKind(text.charCodeAt(i)) : 0
    const isBreak = kind === 0 || (kind === UPPER && before === LOWER)
    if (isBreak && before !== 0) words.push(text.slice(start, i).toLowerCase())
    if (kind !== 0 && (before === 0 || isBreak)) start = i
    before = kind
  }
  return words
}

const LOWER = 1
const UPPER = 2

/** Letters beyond ASCII count as lower case; no list has a word whose parts they would tell. */
function letterKind(unit: number): number {
  if (unit >= 97 && unit <= 122) return LOWER
  if (unit >= 65 && unit <= 90) return UPPER
  return unit >= 0xc0 &&
    !(unit >= 0x2000 && unit <= 0x2bff) &&
    !(unit >= 0x3000 && unit <= 0x303f) &&
    !(unit >= 0xff00 && unit <= 0xff20)
    ? LOWER
    : 0
}

function holds(words: readonly string[], { phrases }: Terms): boolean {
  return words.some(
    (word, at) =>
      follows(phrases.get(word), words, at) || (word.endsWith('s') && follows(phrases.get(word.slice(0, -1)), words, at)),
  )
}

function follows(rests: readonly Phrase[] | undefined, words: readonly string[], at: number): boolean {
  return rests?.some((rest) => rest.every((word, i) => words[at + 1 + i] === word || words[at + 1 + i] === `${word}s`)) ?? false
}
