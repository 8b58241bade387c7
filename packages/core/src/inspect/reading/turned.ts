import { Draft } from './draft.ts'
import { spliced, type Edit } from './splice.ts'
import type { Span } from './view.ts'
import { HIT, leetWordOf, STRETCH_MIN, unleet } from './word-signs.ts'
import { backwards, isKnown, isShortWord, rotated, WORD_CHARS_MIN } from './words.ts'

/** Characters around the words that read when turned which are turned with them, at most. */
const MARGIN_CHARS = 200

/** Stretches that read as words under ROT13, turned. */
export function rotatedStretches(text: string): Draft {
  const draft = new Draft(text)
  for (const stretch of stretches(text, rotated)) line(draft, { ...stretch, text: rotated(text.slice(stretch.start, stretch.end)) })
  return draft
}

/** Stretches that read as words backwards: turned as a whole, and word by word. */
export function reversedStretches(text: string): readonly Draft[] {
  const [wholes, words] = [new Draft(text), new Draft(text)]
  for (const stretch of stretches(text, backwards)) {
    const written = text.slice(stretch.start, stretch.end)
    line(wholes, { ...stretch, text: backwards(written), step: { written: 1, read: -1 } })
    if (words.length > 0) words.put('\n', { start: stretch.start, end: stretch.start + 1 })
    for (const { 0: word, index } of written.matchAll(/\S+|\s+/g)) {
      const start = stretch.start + index
      words.put(backwards(word), { start, end: start + word.length }, { written: 1, read: -1 })
    }
  }
  return [wholes, words]
}

function line(draft: Draft, { text, start, end, step }: Edit): void {
  if (draft.length > 0) draft.put('\n', { start, end: start + 1 })
  draft.put(text, { start, end }, step)
}

/** Stretches with three different words or more that are words only when turned, and hardly any that are words as they stand. */
function stretches(text: string, turn: (word: string) => string): readonly Span[] {
  const found: Span[] = []
  let [score, start, end, isOpen, lastPlain] = [0, 0, 0, false, 0]
  let words = new Set<string>()
  for (const { 0: written, index } of text.matchAll(/[A-Za-z]+/g)) {
    if (written.length < WORD_CHARS_MIN) continue
    const word = written.toLowerCase()
    const isPlain = isKnown(word)
    if (!isPlain && isKnown(turn(word))) {
      if (score === 0) {
        close(index)
        start = Math.max(lastPlain, index - MARGIN_CHARS)
      }
      score += HIT
      words.add(word)
      end = index + written.length
      isOpen ||= score >= STRETCH_MIN && words.size >= 3
    } else score = Math.max(0, score - (isPlain ? HIT : 1))
    if (!isPlain) continue
    if (isOpen && score === 0) close(index)
    lastPlain = index + written.length
  }
  close(text.length)
  return found

  function close(limit: number): void {
    if (isOpen) {
      found.push({ start, end: Math.min(limit, end + MARGIN_CHARS) })
      lastPlain = Math.min(limit, end + MARGIN_CHARS)
    }
    ;[isOpen, score, words] = [false, 0, new Set()]
  }
}

/** The text with words that are written with digits and signs for letters spelt out, when two different ones or more are known. */
export function leetRead(text: string): Draft | undefined {
  const known = new Set<string>()
  const edits: Edit[] = []
  for (const { 0: token, index } of text.matchAll(/[A-Za-z0-9@$!|+]+/g)) {
    const last = edits.at(-1)
    if (/^[0-9]{1,2}$/.test(token) && last && index - last.end === 1 && isShortWord(unleet(token, 'i'))) {
      edits.push({ start: index, end: index + token.length, text: unleet(token, 'i') })
      continue
    }
    if (!/[A-Za-z]/.test(token) || !/[0-9@$!|+]/.test(token)) continue
    const word = leetWordOf(token)
    if (word !== undefined) known.add(word)
    const tail = /[!|+]{1,3}$/.exec(token)?.[0].length ?? 0
    const body = token.slice(0, token.length - tail)
    if (!/[0-9@$!|+]/.test(body)) continue
    const asL = word !== undefined && unleet(body.toLowerCase(), 'l') === word
    edits.push({ start: index, end: index + body.length, text: unleet(body, asL ? 'l' : 'i') })
  }
  return known.size >= 2 ? spliced(text, edits) : undefined
}
