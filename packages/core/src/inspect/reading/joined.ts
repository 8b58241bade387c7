import type { Draft } from './draft.ts'
import { isLetter } from './marks.ts'
import { spliced, type Edit } from './splice.ts'
import { hashed, isKnown, isShortWord, maybe, PLAIN, WORD_CHARS_MAX, WORD_CHARS_MIN } from './words.ts'

/** Longest separator between two letters of a word, in characters. */
const SEPARATOR_CHARS_MAX = 3
/** Most marks of emphasis or punctuation inside a word; four are an empty pair of `**`, of which nothing shows. */
const MARKS_MAX = 8
const EMPTY_PAIRS = /[A-Za-z\d]+(?:(?:\*{4}|_{4}|~{4})[A-Za-z\d]+)+/y
/** Widest gap between two words of spaced letters that is read as one space. */
const GAP_CHARS_MAX = 4
/** Most letters put together at a time. */
const LETTERS_MAX = 1024
/** Fewest letters that are put together. */
const LETTERS_MIN = 2

/**
 * The text with letters that were set apart put together: `i g n o r e`, `i-g-n-o-r-e a-l-l`, `i.g.n.o.r.e. .a.l.l`, `ig**no**re`.
 * Only when that gives a known word.
 */
export function joinedRead(text: string): Draft | undefined {
  const edits: Edit[] = []
  let hasWord = false
  for (let i = 0; i < text.length;) {
    const code = text.charCodeAt(i)
    if (!isAlphanumeric(code)) {
      i++
      continue
    }
    const edit = spelledAt(text, i) ?? splitAt(text, i) ?? emptyPairsAt(text, i)
    if (edit) {
      hasWord ||= edit.text.split(' ').some((word) => word.length > WORD_CHARS_MIN && isKnown(word.toLowerCase()))
      const gap = text.slice(Math.max(edits.at(-1)?.end ?? edit.start, edit.start - GAP_CHARS_MAX), edit.start)
      if (gap.length > 1 && gap.trim() === '' && edit.start - gap.length === edits.at(-1)?.end)
        edits.push({ start: edit.start - gap.length, end: edit.start, text: ' ' })
      edits.push(edit)
    }
    i = edit?.end ?? endOfWord(text, i)
  }
  return hasWord ? spliced(text, edits) : undefined
}

/** Single letters with the same separator between all of them; the separator with a space inside stands between words. */
function spelledAt(text: string, start: number): Edit | undefined {
  if (isAlphanumeric(text.charCodeAt(start + 1))) return undefined
  let next = start + 1
  while (next - start <= SEPARATOR_CHARS_MAX && next < text.length && !isAlphanumeric(text.charCodeAt(next))) next++
  const separator = text.slice(start + 1, next)
  if (!isSingle(text, next) || /[\n\r]/.test(separator)) return undefined
  const gap = `${separator} ${separator}`
  let [word, words, end] = [text[start] ?? '', '', start + 1]
  while (end - start < LETTERS_MAX * (separator.length + 1)) {
    if (text.startsWith(separator, end) && isSingle(text, end + separator.length)) end += separator.length
    else if (text.startsWith(gap, end) && isSingle(text, end + gap.length)) {
      words += `${split(word)} `
      word = ''
      end += gap.length
    } else break
    word += text[end]
    end++
  }
  const letters = words + split(word)
  return letters.length >= LETTERS_MIN ? { start, end, text: letters } : undefined
}

/** A word with empty pairs of emphasis inside, of which a page shows nothing, whatever the word: `th****e`. */
function emptyPairsAt(text: string, start: number): Edit | undefined {
  EMPTY_PAIRS.lastIndex = start
  const found = EMPTY_PAIRS.exec(text)?.[0]
  return found === undefined ? undefined : { start, end: start + found.length, text: found.replaceAll(/[*_~]/g, '') }
}

/** A known word with marks of emphasis or punctuation inside, whose parts are no words: `ig**no**re`, `in_struct_ions`, `ig****nore`. */
export function splitAt(text: string, start: number): Edit | undefined {
  let [end, word, isWhole] = [start, '', true]
  for (let at = start; isLetter(text.charCodeAt(at));) {
    const from = at
    while (isLetter(text.charCodeAt(at))) at++
    word += text.slice(from, at)
    isWhole &&= isKnown(text.slice(from, at).toLowerCase())
    end = at
    if (word.length > WORD_CHARS_MAX) return undefined
    while (at - end < MARKS_MAX && '-_.*~`'.includes(text[at] ?? ' ')) at++
    if (at === end) break
  }
  // `e-mail` is how people write it.
  if (end - start === word.length + 1 && text[start + 1] === '-') return undefined
  const isSplit = word.length < end - start && word.length > WORD_CHARS_MIN && !isWhole
  if (!isSplit || !isKnown(word.toLowerCase())) return undefined
  // Emphasis around the word goes with the emphasis in it.
  let from = start
  while (from > 0 && start - from < SEPARATOR_CHARS_MAX && '_*~`'.includes(text[from - 1] ?? ' ')) from--
  const most = end + SEPARATOR_CHARS_MAX
  while (end < most && '_*~`'.includes(text[end] ?? ' ')) end++
  return { start: from, end, text: word }
}

/** What parts of a split cost: the cheapest split wins. An unknown word costs its letters and `unknown` once. */
const COST = { word: 1, short: 3, unknown: 6, letter: 1 }

/** Letters without spaces as words, so that known words cover as much as they can and unknown ones stay whole. */
function split(letters: string): string {
  const lower = letters.toLowerCase()
  if (letters.length <= WORD_CHARS_MIN || isKnown(lower)) return letters
  // Cheapest split up to each place: [behind a word, inside an unknown one], and where its last part began.
  const cost = [[0, Infinity]]
  const from: number[] = []
  for (let i = 0; i < lower.length; i++) {
    const [atWord = Infinity, inUnknown = Infinity] = cost[i] ?? []
    const stay = Math.min(atWord + COST.unknown, inUnknown) + COST.letter
    const next = (cost[i + 1] ??= [Infinity, Infinity])
    if (stay < (next[1] ?? Infinity)) next[1] = stay
    const base = Math.min(atWord, inUnknown)
    let hash = 0
    for (let end = i + 1; end <= Math.min(lower.length, i + WORD_CHARS_MAX); end++) {
      hash = hashed(hash, lower.charCodeAt(end - 1))
      const isTiny = end - i < WORD_CHARS_MIN
      if (!isTiny && !(maybe(hash) & PLAIN)) continue
      const part = lower.slice(i, end)
      if (!(isTiny ? isShortWord(part) : isKnown(part))) continue
      const there = (cost[end] ??= [Infinity, Infinity])
      const total = base + (isTiny ? COST.short : COST.word)
      if (total < (there[0] ?? Infinity)) [there[0], from[end]] = [total, i]
    }
  }
  const words: string[] = []
  for (let end = lower.length; end > 0;) {
    let start = from[end]
    if (start === undefined || (cost[end]?.[1] ?? 0) < (cost[end]?.[0] ?? 0)) {
      // Back to where the unknown word began.
      start = end - 1
      while (start > 0 && (cost[start]?.[1] ?? 0) + COST.letter === cost[start + 1]?.[1]) start--
    }
    words.push(letters.slice(start, end))
    end = start
  }
  return words.toReversed().join(' ')
}

function isSingle(text: string, at: number): boolean {
  return isAlphanumeric(text.charCodeAt(at)) && !isAlphanumeric(text.charCodeAt(at + 1))
}

function isAlphanumeric(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57)
}

function endOfWord(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && isAlphanumeric(text.charCodeAt(end))) end++
  return end
}
