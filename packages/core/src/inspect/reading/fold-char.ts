import { likenessOf } from '../../normalise/confusables.ts'

/** One character folded. */
export interface Folded {
  readonly text: string
  /**
   * `ascii` and `accent`: a Latin letter, without and with an accent; `form`: a compatibility form or a styled Latin letter;
   * `markup`: a compatibility form of `<`; `marked`: a letter with marks that make no letter; `other`: left as it is.
   */
  readonly as: 'ascii' | 'accent' | 'form' | 'markup' | 'marked' | 'other'
  /** Whether it folds to itself. */
  readonly isSame: boolean
  /** The Latin letters that it can be taken for; empty when none. */
  readonly latin: string
}

/** Most characters remembered; a text rarely has more that need looking up. */
const MEMO_MAX = 4096
const memo = new Map<number, Folded>()

/** Letters with a stroke, which have no decomposition and are ordinary in Polish, Danish, Vietnamese. */
const STROKED: Readonly<Record<string, string>> = { ł: 'l', Ł: 'L', đ: 'd', Đ: 'D', ø: 'o', Ø: 'O', ħ: 'h', Ħ: 'H', ŧ: 't', Ŧ: 'T' }

/** Folds one character outside ASCII by itself; what its word makes of it is decided there. */
export function foldChar(point: number): Folded {
  if (isPlainlyOther(point)) return { text: String.fromCodePoint(point), as: 'other', isSame: true, latin: '' }
  const known = memo.get(point)
  if (known) return known
  const char = String.fromCodePoint(point)
  const looked = look(char, point)
  const found = { ...looked, isSame: looked.text === char }
  if (memo.size >= MEMO_MAX) memo.clear()
  memo.set(point, found)
  return found
}

function look(char: string, point: number): Omit<Folded, 'isSame'> {
  const stroked = STROKED[char]
  if (stroked !== undefined) return { text: stroked, as: 'accent', latin: '' }
  const base = withoutMarks(char.normalize('NFKD'))
  if (/^[ -~]+$/.test(base)) {
    if (base === '<') return { text: base, as: 'markup', latin: '' }
    // Signs such as U+2122 and U+2116 are drawn as words, and ordinary.
    if (base.length > 1 && point >= 0x2100 && point <= 0x214f) return { text: base, as: 'other', latin: '' }
    const isAccented = withoutMarks(char.normalize('NFD')) === base
    return { text: base, as: isAccented ? 'accent' : 'form', latin: '' }
  }
  const likeness = likenessOf(base.codePointAt(0) ?? 0) ?? ''
  if (likeness !== '' && isStyledLatin(point)) return { text: likeness, as: 'form', latin: '' }
  const isMark = likeness !== '' && !/[A-Za-z0-9]/.test(likeness)
  if (isMark && !/\p{L}/u.test(char)) return { text: likeness, as: 'other', latin: '' }
  const latin = /^[A-Za-z0-9]+$/.test(likeness) && !/[\u00c0-\u024f]/.test(char) ? likeness : ''
  return { text: char.normalize('NFKC'), as: 'other', latin }
}

/** Whether a character folds to itself and stands alone: nothing to look at, unless it is inside a Latin word. */
export function isSettled(point: number): boolean {
  if (isPlainlyOther(point)) return true
  return standsAlone(point) && foldChar(point).isSame
}

/** Marks that any letter can carry; the marks of one script are part of its spelling. */
export function isCombining(point: number): boolean {
  return (
    (point >= 0x300 && point <= 0x36f) ||
    (point >= 0x483 && point <= 0x489) ||
    (point >= 0x1ab0 && point <= 0x1aff) ||
    (point >= 0x1dc0 && point <= 0x1dff) ||
    (point >= 0x20d0 && point <= 0x20ff) ||
    (point >= 0xfe20 && point <= 0xfe2f)
  )
}

function withoutMarks(text: string): string {
  let kept = ''
  for (const char of text) if (!isCombining(char.codePointAt(0) ?? 0)) kept += char
  return kept
}

/** IPA, small capitals, enclosed letters: drawn as Latin letters, and never part of another alphabet. */
function isStyledLatin(point: number): boolean {
  return (
    (point >= 0x250 && point <= 0x2af) ||
    (point >= 0x1d00 && point <= 0x1dbf) ||
    (point >= 0xa720 && point <= 0xa7ff) ||
    (point >= 0x1f100 && point <= 0x1f1ff)
  )
}

/** Scripts of most characters there are, which have no folding and imitate nothing. */
function isPlainlyOther(point: number): boolean {
  return (point >= 0x3400 && point <= 0x9fff) || (point >= 0xac00 && point <= 0xd7a3)
}

/**
 * Characters that no disguised Latin word needs: punctuation and symbols, scripts of other shapes. They end a word, and stand in
 * one only between Latin letters, as a Devanagari zero for an o.
 */
export function standsAlone(point: number): boolean {
  return (
    point < 0xaa ||
    (point >= 0x590 && point <= 0x10ff) ||
    (point >= 0x1200 && point <= 0x139f) ||
    (point >= 0x1400 && point <= 0x1cff) ||
    (point >= 0x2000 && point <= 0x20cf) ||
    (point >= 0x2190 && point <= 0x245f) ||
    (point >= 0x2500 && point <= 0x2bff) ||
    (point >= 0x2e00 && point <= 0xa4cf) ||
    (point >= 0xa500 && point <= 0xa63f) ||
    (point >= 0xa800 && point <= 0xab2f) ||
    (point >= 0xabc0 && point <= 0xfaff) ||
    (point >= 0xfb1d && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff0f) ||
    (point >= 0xff5b && point <= 0xffef) ||
    (point >= 0x1f200 && point <= 0x1faff) ||
    (point >= 0x20000 && point <= 0x3ffff)
  )
}
