import { defineDetector, type Sighting } from '../../define-detector.ts'
import { distinct, findPhrases, placeOf } from '../../phrases.ts'
import { wordKey, wordKeys, wordsOf, type Words } from '../../words.ts'
import { phrases } from './phrases.ts'
import { speakerTags } from './speaker-tags.ts'

/** How near a word that commands must stand to the name of another server's tool, in words. */
const NEAR_WORDS = 8
/** Most sightings in one text. */
const SIGHTINGS_MAX = 10

/**
 * Finds definitions that speak to the model behind the user's back: commands inside tags, orders to conceal, to read secrets,
 * to hand over conversation, to override other instructions, and rules about how other tools are to be called (shadowing).
 * Time is linear in the text.
 */
export const toolPoisoning = defineDetector({
  id: 'tool-poisoning',
  channels: ['definition'],
  reads: 'every',
  detect: (text, { otherTools }) => {
    const words = wordsOf(text)
    const orders = findPhrases(phrases, words).map((match) => ({
      code: match.code,
      severity: match.severity,
      ...placeOf(words, match),
    }))
    return [...speakerTags(text), ...distinct(orders), ...shadowing(words, otherTools)].slice(0, SIGHTINGS_MAX)
  },
})

const ORDERS = new Set(
  "must always never instead before redirect replace replaces replaced supersedes deprecated change bcc override ignore don't not"
    .split(' ')
    .map(wordKey),
)

/** Names of tools of other servers, near a word that commands. */
function shadowing(words: Words, otherTools: readonly string[]): readonly Sighting[] {
  const { text, keys, count, starts, ends } = words
  const orders: number[] = []
  for (let at = 0; at < count; at++) if (ORDERS.has(keys[at] ?? 0)) orders.push(at)
  if (orders.length === 0) return []
  const names = namesByFirst(otherTools)
  const sightings: Sighting[] = []
  let nearest = 0
  for (let at = 0; at < count && sightings.length < SIGHTINGS_MAX; at++) {
    while (nearest + 1 < orders.length && Math.abs((orders[nearest + 1] ?? 0) - at) <= Math.abs((orders[nearest] ?? 0) - at))
      nearest++
    if (Math.abs((orders[nearest] ?? 0) - at) > NEAR_WORDS) continue
    for (const { name, words: length } of names.get(keys[at] ?? 0) ?? []) {
      const start = starts[at] ?? 0
      const end = ends[Math.min(at + length, count) - 1] ?? 0
      if (text.slice(start, end).toLowerCase() === name) sightings.push({ code: 'shadowing', severity: 'high', start, end })
    }
  }
  return sightings
}

/** One plain word such as "search" is language; a name with a separator or an inner capital is a tool. */
function namesByFirst(otherTools: readonly string[]): ReadonlyMap<number, readonly { name: string; words: number }[]> {
  const names = new Map<number, { name: string; words: number }[]>()
  for (const other of otherTools) {
    const [first, ...more] = /[_./-]|[a-z][A-Z]/.test(other) ? wordKeys(other) : []
    if (first !== undefined) names.set(first, [...(names.get(first) ?? []), { name: other.toLowerCase(), words: more.length + 1 }])
  }
  return names
}
