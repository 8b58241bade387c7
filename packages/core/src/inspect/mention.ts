import type { Finding } from '../model/finding.ts'
import type { Sighting } from './define-detector.ts'
import { distinct, findPhrases, placeOf, type Match, type PhraseBook } from './phrases.ts'
import { BREAK, wordKey, wordsOf, type Words } from './words.ts'

/** How far before a phrase a word that talks about phrases is looked for, in words of the same sentence. */
const REACH_WORDS = 14
/** Longest quotation, in UTF-16 units behind the phrase. */
const QUOTE_CHARS_MAX = 120

const TALK = new Set(
  (
    'attack attacks attacker attackers adversary adversaries injection injections jailbreak jailbreaks jailbreaking phrase phrases wording ' +
    'such example examples sentence sentences string strings payload payloads malicious attempt attempts attempting trying tries tried ' +
    'trick tricks tricked detect detects detecting detection detected prevent prevents preventing block blocks blocked filter filters ' +
    'vulnerability vulnerabilities exploit exploits whether why how test tests tested testing regex pattern patterns titled ' +
    'article paper blog research researchers people someone hackers hacker warns warning convince asks asked asking ' +
    'saying says said meaning telling instructing instructs defend against'
  )
    .split(' ')
    .map(wordKey),
)
const CLOSING: Readonly<Record<string, string>> = { '"': '"', "'": "'", '`': '`', '“': '”', '‘': '’', '«': '»', '„': '“' }

/** The phrases of a book in a text, each as severe as it is there. */
export function sightPhrases(book: PhraseBook, text: string): readonly Sighting[] {
  const words = wordsOf(text)
  const matches = findPhrases(book, words)
  if (matches.length === 0) return []
  return distinct(matches.map((match) => ({ code: match.code, severity: spokenSeverity(words, match), ...placeOf(words, match) })))
}

/**
 * A phrase that is talked about is not said: in security documents, news and questions the same words stand in quotation marks or
 * behind words such as "attackers". It stays a finding, one step weaker.
 */
export function spokenSeverity(words: Words, match: Match): Finding['severity'] {
  const { severity } = match
  if (severity === 'info' || !(isQuoted(words, match) || isTalkedAbout(words, match))) return severity
  return severity === 'high' ? 'medium' : 'low'
}

function isTalkedAbout({ text, keys, starts, breaks }: Words, { first }: Match): boolean {
  for (let at = first; at > 0 && first - at < REACH_WORDS && breaks[at] !== BREAK.sentence; at--)
    // Part of an address such as mail.example.com is no word.
    if (TALK.has(keys[at - 1] ?? 0) && text[(starts[at - 1] ?? 0) - 1] !== '.') return true
  return false
}

/** Within quotation marks that something leads to; a quoted value in JSON is no quotation. */
function isQuoted(words: Words, match: Match): boolean {
  const { text } = words
  const { start, end } = placeOf(words, match)
  const closing = CLOSING[text[start - 1] ?? '']
  if (closing === undefined || !text.slice(end, end + QUOTE_CHARS_MAX).includes(closing)) return false
  let before = start - 2
  if (text[before] === ' ') before--
  const leads = text[before] === ':' || text[before] === ','
  return before >= 0 && !/["'{[]/.test(text[leads ? before - 1 : before] ?? '"')
}
