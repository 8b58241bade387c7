import { eachHidden } from '../../normalise/hidden-characters.ts'
import { Draft } from './draft.ts'
import { foldChar, isCombining, isSettled, standsAlone, type Folded } from './fold-char.ts'
import { isLetter } from './marks.ts'
import { isKnown } from './words.ts'

/** Longest token looked at as one, in characters; longer ones are looked at in parts. */
const TOKEN_CHARS_MAX = 256

/** Different letters in compatibility forms, wherever they stand, that may be a message. */
const FORMS_MIN = 4

/** The text without its hidden characters; empty when it has none. */
export function stripped(text: string): Draft {
  const draft = new Draft(text)
  let from = 0
  eachHidden(text, (_, start, end) => {
    draft.copy(from, start)
    from = end
    return true
  })
  if (from > 0) draft.copy(from, text.length)
  return draft
}

/** What was folded, and so whether the result is worth reading. */
interface Seen {
  /** Whether words of look-alikes alone are resolved beside Latin ones. */
  readonly foldsWhole: boolean
  /** Whether the last word was Latin, or disguised as such. */
  isLatin: boolean
  /** Letters in compatibility forms next to each other, marks that belong to no letter, disguised words. */
  isDisguised: boolean
  hasMixed: boolean
  /** Tokens that read as Latin throughout and have no Latin letter. */
  hasWhole: boolean
  accented: number
  /** Letters that were written in compatibility forms. */
  readonly forms: Set<string>
  readonly accentedWords: Set<string>
}

/**
 * The text with compatibility forms, accents on Latin letters and look-alikes resolved (NFKD, then marks and UTS #39), or
 * `undefined` when it hides nothing: ordinary accents, full-width punctuation and words of other alphabets are no disguise.
 * Look-alikes are resolved only in words that mix them with Latin letters, and in words beside those.
 * @param text Without hidden characters.
 */
export function folded(text: string): Draft | undefined {
  const first = foldAll(text, false)
  const { seen } = first
  const hasWords = seen.accentedWords.size >= 2 && seen.accentedWords.size * 3 >= seen.accented
  if (!seen.isDisguised && !hasWords && seen.forms.size < FORMS_MIN) return undefined
  return seen.hasMixed && seen.hasWhole ? foldAll(text, true).draft : first.draft
}

function foldAll(text: string, foldsWhole: boolean): { readonly draft: Draft; readonly seen: Seen } {
  const draft = new Draft(text)
  const seen: Seen = {
    foldsWhole,
    isLatin: false,
    isDisguised: false,
    hasMixed: false,
    hasWhole: false,
    accented: 0,
    forms: new Set(),
    accentedWords: new Set(),
  }
  let done = 0
  for (let i = 0; i < text.length;) {
    const code = text.charCodeAt(i)
    if (code < 128) {
      if (isLetter(code)) seen.isLatin = true
      i++
      continue
    }
    const point = text.codePointAt(i) ?? 0
    if (isSettled(point) && !isWordCode(text.charCodeAt(i - 1))) {
      i += point > 0xffff ? 2 : 1
      continue
    }
    const end = isWordCode(text.charCodeAt(i - 1)) ? i : endOfPlainWord(text, i)
    if (end > i) {
      seen.isLatin = false
      i = end
      continue
    }
    let start = i
    while (start > done && i - start < TOKEN_CHARS_MAX && isWordCode(text.charCodeAt(start - 1))) start--
    draft.copy(done, start)
    const token = tokenAt(text, start)
    writeToken(draft, token.units, seen)
    done = token.end
    i = token.end
  }
  draft.copy(done, text.length)
  return { draft, seen }
}

/** Where a word ends that nothing is to be done about: letters of another alphabet, not all of which can be taken for Latin. */
function endOfPlainWord(text: string, start: number): number {
  let end = start
  let others = 0
  while (end < text.length && end - start < TOKEN_CHARS_MAX) {
    const point = text.codePointAt(end) ?? 0
    if (point < 128) {
      if (isWordCode(point)) return start
      break
    }
    if (standsAlone(point)) break
    const { as, latin, isSame } = foldChar(point)
    if (as !== 'other' || !isSame || isCombining(point) || isRegional(point)) return start
    if (latin === '') others++
    end += point > 0xffff ? 2 : 1
  }
  return others > 0 && end - start < TOKEN_CHARS_MAX ? end : start
}

interface Unit extends Omit<Folded, 'isSame'> {
  readonly start: number
  end: number
}

/** Letters, digits and marks from here on, as far as one disguise can reach: scripts that imitate no Latin end a token. */
function tokenAt(text: string, start: number): { readonly units: readonly Unit[]; readonly end: number } {
  const units: Unit[] = []
  let end = start
  while (end < text.length && units.length < TOKEN_CHARS_MAX) {
    const code = text.charCodeAt(end)
    if (code < 128) {
      if (!isWordCode(code)) break
      units.push({ start: end, end: end + 1, text: text[end] ?? '', as: 'ascii', latin: '' })
      end++
      continue
    }
    const point = text.codePointAt(end) ?? 0
    const width = point > 0xffff ? 2 : 1
    const last = units.at(-1)
    const isMark = isCombining(point)
    if (isMark && last && last.end === end) units[units.length - 1] = withMark(last, text.slice(end, end + width))
    else {
      const folding = isRegional(point) ? regionalAt(text, end) : foldChar(point)
      const isBetween = folding.latin !== '' && last?.as === 'ascii' && !(text.charCodeAt(end + width) >= 128)
      if (standsAlone(point) && !isBetween) {
        if (units.length > 0) break
        return { units: [{ ...folding, latin: '', start: end, end: end + width }], end: end + width }
      }
      units.push({ ...folding, start: end, end: end + width })
    }
    end += width
  }
  return { units, end }
}

function isRegional(point: number): boolean {
  return point >= 0x1f1e6 && point <= 0x1f1ff
}

/** A regional indicator: two are a flag, four are two flags; one, three, five and more are letters in disguise. */
function regionalAt(text: string, at: number): Omit<Folded, 'isSame'> {
  const point = text.codePointAt(at) ?? 0
  let [start, end] = [at, at + 2]
  while (start >= 2 && end - start < 10 && isRegional(text.codePointAt(start - 2) ?? 0)) start -= 2
  while (end - start < 10 && isRegional(text.codePointAt(end) ?? 0)) end += 2
  if (end - start === 4 || end - start === 8) return { text: String.fromCodePoint(point), as: 'other', latin: '' }
  return { text: String.fromCharCode(point - 0x1f1e6 + 65), as: 'form', latin: '' }
}

/** A letter with a mark behind it: Latin letters lose it, others keep it when the two are one character. */
function withMark(unit: Unit, mark: string): Unit {
  const end = unit.end + mark.length
  const composed = `${unit.text}${mark}`.normalize('NFC')
  const isOne = Array.from(composed).length === 1
  if (unit.as === 'other') return isOne ? { ...unit, text: composed, end } : { ...unit, as: 'marked', end }
  // A digit on a key is an emoji.
  if (mark === '\u20e3' && /\d/.test(unit.text)) return { ...unit, as: 'other', text: `${unit.text}${mark}`, end }
  if (unit.as === 'ascii' && isOne) return { ...unit, as: 'accent', end }
  // A second mark may still be an accent, as in Vietnamese; a third is none.
  return { ...unit, as: unit.as === 'accent' && unit.end - unit.start < 3 ? 'accent' : 'marked', end }
}

/** Writes a token and notes what was disguised in it. */
function writeToken(draft: Draft, units: readonly Unit[], seen: Seen): void {
  let [latins, disguised, others, accents, forms, formsInRow] = [0, 0, 0, 0, 0, 0]
  for (const { as, text, latin } of units) {
    formsInRow = as === 'form' && /[A-Za-z]/.test(text) ? formsInRow + text.length : 0
    forms = Math.max(forms, formsInRow)
    if (formsInRow > 0) seen.forms.add(text.toLowerCase())
    if (as === 'marked') seen.isDisguised = true
    if (as === 'markup') seen.isDisguised = true
    if (as === 'accent') accents++
    if (as === 'other') {
      if (latin === '') others++
      else disguised++
    } else if (/[A-Za-z]/.test(text)) latins++
  }
  const isMixed = disguised > 0 && latins > 0 && others * 2 < units.length
  const isWhole = disguised > 0 && latins === 0 && others === 0
  if (isMixed && latins + disguised > 2) [seen.isDisguised, seen.hasMixed] = [true, true]
  if (isWhole && seen.isLatin) seen.hasWhole = true
  if (forms >= 2) seen.isDisguised = true
  const resolves = isMixed || (isWhole && seen.isLatin && seen.foldsWhole)
  let word = ''
  for (const { as, text, latin, start, end } of units) {
    const written = as === 'other' && resolves && latin !== '' ? latin : text
    draft.put(written, { start, end })
    word += written
  }
  if (accents > 0) {
    seen.accented++
    const plain = word.toLowerCase()
    if (plain.length >= 4 && isKnown(plain)) seen.accentedWords.add(plain)
  }
  seen.isLatin = latins > 0 || resolves
}

function isWordCode(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57)
}
