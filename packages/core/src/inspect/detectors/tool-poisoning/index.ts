import { defineDetector, type Sighting } from '../../define-detector.ts'
import { markers, phrases, type Phrase } from './phrases.ts'

/** Most words between two parts of one phrase. */
const GAP_MAX = 8
/** Most sightings in one text. */
const SIGHTINGS_MAX = 10
/** Longest word kept, in UTF-16 units. */
const WORD_CHARS_MAX = 64

interface Word {
  readonly text: string
  readonly start: number
  readonly end: number
  /** Whether a comma or the end of a sentence stands before it. */
  readonly opens: boolean
}

/** First word of a phrase → the phrases that start with it. */
const AHEAD = new Map<string, Phrase[]>()
for (const phrase of phrases) for (const word of phrase.parts[0] ?? []) AHEAD.set(word, [...(AHEAD.get(word) ?? []), phrase])

/**
 * Finds definitions that speak to the model behind the user's back: commands inside tags, orders to conceal, to read secrets,
 * to hand over conversation, to override other instructions, and rules about how other tools are to be called (shadowing).
 * Works on words: a phrase is a list of word sets, found in order, each within `GAP_MAX` words of the one before. Time is linear
 * in the text: words × phrases × a constant.
 */
export const toolPoisoning = defineDetector({
  id: 'tool-poisoning',
  channels: ['definition'],
  reads: 'original',
  detect: (text, { otherTools }) => {
    const sightings = [...taggedOrders(text)]
    const words = wordsOf(text)
    words.forEach((word, index) => {
      for (const phrase of AHEAD.get(word.text) ?? []) {
        const last = sightings.length < SIGHTINGS_MAX ? match(words, index, phrase) : undefined
        if (last) sightings.push({ code: phrase.code, severity: phrase.severity, start: word.start, end: last.end })
      }
    })
    sightings.push(...shadowing(words, otherTools))
    return sightings.slice(0, SIGHTINGS_MAX)
  },
})

/** The word that ends a phrase begun at `index`; `undefined` when it does not follow. */
function match(words: readonly Word[], index: number, { parts, firstGapMax = GAP_MAX }: Phrase): Word | undefined {
  const isShort = firstGapMax < GAP_MAX
  let at = index
  for (const part of parts.slice(1)) {
    const stop = Math.min(words.length, at + 1 + (at === index ? firstGapMax : GAP_MAX))
    let next = at + 1
    while (next < stop && !part.includes(words[next]?.text ?? '') && !(at === index && isShort && words[next]?.opens)) next++
    const found = words[next]
    if (next >= stop || !found || (at === index && isShort && found.opens)) return undefined
    at = next
  }
  return words[at]
}

/** Marks that pretend another speaker begins. */
function taggedOrders(text: string): readonly Sighting[] {
  const lower = text.toLowerCase()
  // Some letters change length in lower case; then the places would be wrong, and the whole text is reported.
  const exact = lower.length === text.length
  return markers.flatMap((marker) => {
    const start = lower.indexOf(marker)
    if (start < 0) return []
    const place = exact ? { start, end: start + marker.length } : { start: 0, end: text.length }
    return [{ code: 'speaker_tag', severity: 'high' as const, ...place }]
  })
}

const ORDERS = new Set([
  'must',
  'always',
  'never',
  'instead',
  'before',
  'redirect',
  'replace',
  'change',
  'bcc',
  'override',
  'ignore',
  "don't",
  'not',
])

/** Names of tools of other servers, near a word that commands. */
function shadowing(words: readonly Word[], otherTools: readonly string[]): readonly Sighting[] {
  // One plain word such as "search" is language; a name with a separator or an inner capital is a tool.
  const names = new Set(otherTools.filter((name) => /[_./-]|[a-z][A-Z]/.test(name)).map((name) => name.toLowerCase()))
  return words.flatMap((word, index) => {
    if (!names.has(word.text)) return []
    const near = words.slice(Math.max(0, index - GAP_MAX), index + 1 + GAP_MAX)
    return near.some(({ text }) => ORDERS.has(text))
      ? [{ code: 'shadowing', severity: 'high' as const, start: word.start, end: word.end }]
      : []
  })
}

/** Words in lower case, as NFKC without invisible characters, so that neither styled letters nor zero-width marks hide one. */
function wordsOf(text: string): readonly Word[] {
  const words: Word[] = []
  let before = 0
  for (const found of text.matchAll(/[\p{L}\p{N}_.'’/~\p{M}\p{Cf}-]+/gu)) {
    const plain = found[0]
      .slice(0, WORD_CHARS_MAX)
      .normalize('NFKC')
      .replaceAll(/\p{Cf}/gu, '')
      .replaceAll('’', "'")
      .toLowerCase()
    const start = found.index
    const end = start + found[0].length
    // A path also counts by its last segment: `~/.ssh/id_rsa` is `id_rsa`.
    const bare = trimPunctuation(plain)
    const opens = /[,;:!?()\n]/.test(text.slice(before, start)) || text[before - 1] === '.'
    before = end
    words.push({ text: bare, start, end, opens })
    const last = bare.includes('/') ? bare.slice(bare.lastIndexOf('/') + 1) : ''
    if (last !== '') words.push({ text: last, start, end, opens: false })
  }
  return words
}

function trimPunctuation(word: string): string {
  let start = 0
  let end = word.length
  while (start < end && "'~/-".includes(word[start] ?? '')) start++
  while (end > start && ".'/-~".includes(word[end - 1] ?? '')) end--
  return word.slice(start, end)
}
