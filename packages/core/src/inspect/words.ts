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
/** End of the letters that are folded by table: Latin, Greek, Cyrillic. */
const TABLE_END = 0x530

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

/** What `cut` writes to; grows as needed. */
class Sheet {
  count = 0
  keys: Int32Array
  starts: Int32Array
  ends: Int32Array
  breaks: Uint8Array

  constructor(size: number) {
    this.keys = new Int32Array(size)
    this.starts = new Int32Array(size)
    this.ends = new Int32Array(size)
    this.breaks = new Uint8Array(size)
  }

  /** The place of one more word. */
  next(): number {
    if (this.count === this.keys.length) this.grow()
    return this.count++
  }

  private grow(): void {
    const size = this.keys.length * 2
    const wider = <A extends Int32Array | Uint8Array>(next: A, list: A): A => {
      next.set(list)
      return next
    }
    this.keys = wider(new Int32Array(size), this.keys)
    this.starts = wider(new Int32Array(size), this.starts)
    this.ends = wider(new Int32Array(size), this.ends)
    this.breaks = wider(new Uint8Array(size), this.breaks)
  }
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const SPACE = 0x20
const UNDERSCORE = 0x5f

function cut(text: string): Words {
  const sheet = new Sheet(Math.min(256, (text.length >>> 1) + 1))
  const { length } = text
  let gap: number = BREAK.sentence
  let newlines = 0
  let hasCjk = false
  for (let i = 0; i < length;) {
    let code = text.charCodeAt(i)
    if (code === SPACE) {
      i++
      continue
    }
    let letters = folded(code)
    if (letters <= 0) {
      newlines = code === 10 ? newlines + 1 : code === 13 || code === 9 ? newlines : 0
      gap = Math.max(gap, newlines > 1 ? BREAK.sentence : breakOf(code, text, i))
      if (code >= 0x3040 && code <= 0xd7a3) hasCjk = true
      i++
      continue
    }
    const at = sheet.next()
    sheet.starts[at] = i
    sheet.breaks[at] = gap
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
      letters = folded(code)
    }
    i = end
    sheet.keys[at] = (key ^ (key >>> 30)) & 0x3fff_ffff
    sheet.ends[at] = end
    gap = BREAK.none
    newlines = 0
  }
  const { count, keys, starts, ends, breaks } = sheet
  return { text, count, keys, starts, ends, breaks, hasCjk }
}

function folded(code: number): number {
  if (code < TABLE_END) return FOLDED[code] ?? 0
  if (code >= 0x1e00 && code < 0x1f00) return FOLDED[code - 0x1e00 + TABLE_END] ?? 0
  if (code >= 0xff10 && code <= 0xff5a) return FOLDED[code - 0xfee0] ?? 0
  return (code >= 0x200b && code <= 0x200f) || (code >= 0x2060 && code <= 0x206f) || code === 0xfeff ? IGNORED : 0
}

/** An underscore holds a name together; an apostrophe holds short endings (`don't`, `user's`) and parts elisions (`l'utente`). */
function isJoint(code: number, text: string, at: number): boolean {
  if (code === UNDERSCORE) return isLetterAt(text, at + 1)
  if (code !== 0x27 && code !== 0x2019) return false
  return isLetterAt(text, at + 1) && !(isLetterAt(text, at + 2) && isLetterAt(text, at + 3))
}

function isLetterAt(text: string, at: number): boolean {
  const letters = at < text.length ? folded(text.charCodeAt(at)) : 0
  return letters > 0
}

function breakOf(code: number, text: string, at: number): number {
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
      return isSpaceAt(text, at + 1) ? BREAK.sentence : BREAK.clause
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
  const table = new Int32Array(TABLE_END + 0x100)
  const typed: Readonly<Record<string, string>> = { ß: 'ss', ł: 'l', ø: 'o', đ: 'd', æ: 'ae', œ: 'oe', ı: 'i', ħ: 'h' }
  for (let slot = 0; slot < table.length; slot++) {
    const char = String.fromCharCode(slot < TABLE_END ? slot : slot - TABLE_END + 0x1e00)
    const lower = char.toLowerCase()
    const plain = (typed[lower] ?? lower).normalize('NFKD').replaceAll(/[^\p{L}\p{N}]/gu, '')
    if (/[\p{M}\p{Cf}]/u.test(char)) table[slot] = IGNORED
    else if (/[\p{L}\p{N}]/u.test(char)) table[slot] = plain.charCodeAt(0) | (plain.length > 1 ? plain.charCodeAt(1) << 16 : 0)
  }
  return table
}
