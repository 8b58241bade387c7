/** What stands before a word: nothing but space, a mark that ends a clause, or the end of a sentence. */
export const BREAK = { none: 0, clause: 1, sentence: 2 } as const

/** A text as words. All lists run in parallel and are longer than `count`; what lies behind it means nothing. */
export interface Words {
  readonly text: string
  readonly count: number
  /** A 30-bit key of each word as `wordKey` makes it: case, accents, invisible marks and the form of the apostrophe do not count. */
  readonly keys: Int32Array
  /** UTF-16 units into the text. */
  readonly starts: Int32Array
  /** Exclusive. */
  readonly ends: Int32Array
  /** A value of `BREAK` each. */
  readonly breaks: Uint8Array
  /** Whether there is Han, Kana or Hangul, which is not cut into words. */
  readonly hasCjk: boolean
}

/** Longest text whose words are kept for the next caller, in UTF-16 units; above it they are cut again. */
const KEPT_CHARS_MAX = 1_048_576
/**
 * Where the letters are that words are made of (Latin, Greek, Cyrillic, and their full-width forms), and the marks that are not
 * seen among them; what else there is separates.
 */
const CUT_RANGES: readonly (readonly [start: number, end: number])[] = [
  [0, 0x530],
  [0x1e00, 0x1f00],
  [0x200b, 0x2010],
  [0x2060, 0x2070],
  [0xfeff, 0xff00],
  [0xff10, 0xff5b],
]

/** Stands for characters that are not seen: accents, joiners, soft hyphens. */
const IGNORED = -1
/** Per character: 0 separates, otherwise one or two folded letters, the second in the upper half. */
const FOLDED = foldedLetters()

let last: Words | undefined

/**
 * Cuts a text into words. Detectors ask for the words of one text in turn, so the last answer is kept; it is a pure function
 * all the same. Linear in the text.
 */
export function wordsOf(text: string): Words {
  if (last?.text === text) return last
  const words = cut(text)
  if (text.length <= KEPT_CHARS_MAX) last = words
  return words
}

/** The keys of all words of a short text, such as a name. */
export function wordKeys(text: string): readonly number[] {
  const { count, keys } = cut(text)
  return Array.from(keys.subarray(0, count))
}

/** The key of one word. @throws RangeError when it is not exactly one. */
export function wordKey(word: string): number {
  const [key, ...more] = wordKeys(word)
  if (key === undefined || more.length > 0) throw new RangeError(`"${word}" is not one word`)
  return key
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
/** How many words the lists have place for at first. */
const FIRST_SIZE = 256
const SPACE = 0x20
const UNDERSCORE = 0x5f

/** The lists of `Words`, which grow as needed. */
type Lists = Pick<Words, 'keys' | 'starts' | 'ends' | 'breaks'>

function cut(text: string): Words {
  const { length } = text
  let { keys, starts, ends, breaks } = lists(Math.min(FIRST_SIZE, (length >>> 1) + 1))
  let count = 0
  let gap: number = BREAK.sentence
  let newlines = 0
  let hasCjk = false
  for (let i = 0; i < length;) {
    let code = text.charCodeAt(i)
    let letters = FOLDED[code] ?? 0
    if (letters <= 0) {
      i++
      if (code === SPACE) continue
      newlines = code === 10 ? newlines + 1 : code === 13 || code === 9 ? newlines : 0
      gap = Math.max(gap, newlines > 1 ? BREAK.sentence : breakOf(code, text, i))
      if (code >= 0x3040 && code <= 0xd7a3) hasCjk = true
      continue
    }
    if (count === keys.length) ({ keys, starts, ends, breaks } = grown({ keys, starts, ends, breaks }))
    starts[count] = i
    breaks[count] = gap
    let key = FNV_OFFSET
    let end = i
    for (;;) {
      if (letters > 0) {
        key = Math.imul(key ^ (letters & 0xffff), FNV_PRIME)
        if (letters > 0xffff) key = Math.imul(key ^ (letters >>> 16), FNV_PRIME)
        end = i + 1
      } else if (letters === 0) {
        if (code === SPACE || !isJoint(code, text, i)) break
        if (code === UNDERSCORE) key = Math.imul(key ^ code, FNV_PRIME)
      }
      if (++i >= length) break
      code = text.charCodeAt(i)
      letters = FOLDED[code] ?? 0
    }
    i = end
    keys[count] = (key ^ (key >>> 30)) & 0x3fff_ffff
    ends[count] = end
    count++
    gap = BREAK.none
    newlines = 0
  }
  return { text, count, keys, starts, ends, breaks, hasCjk }
}

function lists(size: number): Lists {
  return { keys: new Int32Array(size), starts: new Int32Array(size), ends: new Int32Array(size), breaks: new Uint8Array(size) }
}

function grown(old: Lists): Lists {
  const next = lists(old.keys.length * 2)
  next.keys.set(old.keys)
  next.starts.set(old.starts)
  next.ends.set(old.ends)
  next.breaks.set(old.breaks)
  return next
}

/** An underscore holds a name together; an apostrophe holds short endings (`don't`, `user's`) and parts elisions (`l'utente`). */
function isJoint(code: number, text: string, at: number): boolean {
  if (code === UNDERSCORE) return isLetterAt(text, at + 1)
  if (code !== 0x27 && code !== 0x2019) return false
  return isLetterAt(text, at + 1) && !(isLetterAt(text, at + 2) && isLetterAt(text, at + 3))
}

function isLetterAt(text: string, at: number): boolean {
  return at < text.length && (FOLDED[text.charCodeAt(at)] ?? 0) > 0
}

/** The break that a separator makes; `next` is the place behind it. */
function breakOf(code: number, text: string, next: number): number {
  switch (code) {
    case 0x20: // space
    case 0x09: // tab
    case 0x0d: // carriage return
    case 0x2d: // -
    case 0x5f: // _
    case 0x2a: // *
    case 0x27: // '
    case 0x2019: // ’
    case 0x2f: // /
    case 0xa0: // no-break space
      return BREAK.none
    case 0x2e: // .
    case 0x21: // !
    case 0x3f: // ?
      return isSpaceAt(text, next) ? BREAK.sentence : BREAK.clause
    case 0x3002: // 。
    case 0xff01: // ！
    case 0xff1f: // ？
      return BREAK.sentence
    default:
      return code >= 0x200b && code <= 0x206f && code !== 0x2026 ? BREAK.none : BREAK.clause
  }
}

function isSpaceAt(text: string, at: number): boolean {
  if (at >= text.length) return true
  const code = text.charCodeAt(at)
  return code <= 0x20 || code === 0x22 || code === 0x27 || code === 0x29 || code === 0x201d || code === 0x2019 || code === 0x2a
}

/** Lower case without accents; the few letters that Unicode does not take apart are written as they are typed without them. */
function foldedLetters(): Int32Array {
  const table = new Int32Array(0x1_0000)
  const typed: Readonly<Record<string, string>> = { ß: 'ss', ł: 'l', ø: 'o', đ: 'd', æ: 'ae', œ: 'oe', ı: 'i', ħ: 'h' }
  for (const [start, end] of CUT_RANGES)
    for (let code = start; code < end; code++) {
      const char = String.fromCharCode(code)
      const lower = char.toLowerCase()
      const plain = (typed[lower] ?? lower).normalize('NFKD').replaceAll(/[^\p{L}\p{N}]/gu, '')
      if (/[\p{M}\p{Cf}]/u.test(char)) table[code] = IGNORED
      else if (/[\p{L}\p{N}]/u.test(char)) table[code] = plain.charCodeAt(0) | (plain.length > 1 ? plain.charCodeAt(1) << 16 : 0)
    }
  return table
}
