import type { Span } from '../reading/view.ts'

/**
 * Where, at the end of a text that goes on, a match may still be open: the index of its first character, or the length of the
 * text when none can be. What detectors say of a text from there on is not final. The law, which `opening.contract.ts` tests:
 * whatever follows, sightings that begin before this index stay, none is added there, and none grows. Costs no more than a look
 * at the whole text.
 */
export type Opening = (text: string) => number

/** How many characters at the end of a text have to wait for what follows. */
export function holdBack(text: string, opening: Opening): number {
  return text.length - Math.min(Math.max(0, opening(text)), text.length)
}

/** The earliest of several. */
export function earliest(openings: readonly Opening[]): Opening {
  return (text) => openings.reduce((first, opening) => Math.min(first, opening(text)), text.length)
}

/** For detectors of which no more is known than how far a match reaches, with what has to stand behind it. */
export function lastChars(charsMax: number): Opening {
  return (text) => Math.max(0, text.length - charsMax)
}

export interface RunRule {
  /** Whether a match can contain this UTF-16 unit. */
  readonly isPart: (code: number) => boolean
  /** Whether it can begin with it; without it, any part. The word around the beginning is held with it. */
  readonly isFirst?: (code: number) => boolean
  /** Longest match, in UTF-16 units. */
  readonly charsMax: number
}

/** For matches that are one run of certain characters (keys, addresses, groups of digits): open is the run that the text ends in. */
export function runOpening({ isPart, isFirst, charsMax }: RunRule): Opening {
  return (text) => {
    const limit = Math.max(0, text.length - charsMax)
    let start = text.length
    while (start > limit && isPart(text.charCodeAt(start - 1))) start--
    if (!isFirst) return start
    while (start < text.length && !isFirst(text.charCodeAt(start))) start++
    if (start === text.length) return start
    return wordStart(text, start, limit)
  }
}

/** Where the word around a place begins, or `limit`. */
export function wordStart(text: string, index: number, limit: number): number {
  let start = index
  while (start > limit && !isSpace(text.charCodeAt(start - 1))) start--
  return start
}

export interface CandidateRule {
  /** What a match could be, in order of where it begins; linear. */
  readonly find: (text: string) => Iterable<Span>
  /** Longest candidate. */
  readonly charsMax: number
  /** UTF-16 units behind a candidate that decide whether it is a match. */
  readonly afterChars: number
}

/** For matches that what follows decides, such as a number by the words around it: open is the first that has not all of it yet. */
export function candidateOpening({ find, charsMax, afterChars }: CandidateRule): Opening {
  return (text) => {
    const limit = Math.max(0, text.length - charsMax - afterChars)
    for (const { start, end } of find(text.slice(limit)))
      if (limit + end + afterChars > text.length) return wordStart(text, limit + start, Math.max(0, limit + start - charsMax))
    return text.length
  }
}

export interface BlockRule {
  readonly begin: string
  readonly end: string
  /** Longest match, in UTF-16 units, ends included; `Infinity` for detectors without a limit. */
  readonly charsMax: number
  /** UTF-16 units of a match that may follow `end`. */
  readonly afterChars?: number
}

/** For matches between two fixed texts (`-----BEGIN` and `-----END`): open from the first beginning that has no end yet. */
export function blockOpening({ begin, end, charsMax, afterChars = 0 }: BlockRule): Opening {
  return (text) => {
    const limit = Math.max(0, text.length - charsMax)
    // An end counts once all that may belong to it has arrived.
    const lastEnd = text.lastIndexOf(end, text.length - end.length - afterChars)
    const from = lastEnd < limit ? limit : lastEnd + end.length
    const start = text.indexOf(begin, from)
    return start < 0 ? partialStart(text, begin) : start
  }
}

/** For fixed texts (names, project words), in any case: open is the longest beginning of one that the text ends in. */
export function termOpening(terms: readonly string[]): Opening {
  const beginningsOf = (term: string): string[] => Array.from({ length: term.length }, (_, i) => term.slice(0, i + 1).toLowerCase())
  const beginnings = new Set(terms.flatMap(beginningsOf))
  const firsts = new Set([...beginnings].map((each) => each.charAt(0)))
  const charsMax = Math.max(0, ...terms.map((term) => term.length))
  return (text) => {
    for (let i = Math.max(0, text.length - charsMax); i < text.length; i++)
      if (firsts.has(text.charAt(i).toLowerCase()) && beginnings.has(text.slice(i).toLowerCase())) return i
    return text.length
  }
}

/** Index of the longest end of a text that is a beginning of `word`, or the length. */
function partialStart(text: string, word: string): number {
  for (let i = Math.max(0, text.length - word.length + 1); i < text.length; i++) if (word.startsWith(text.slice(i))) return i
  return text.length
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x2028 || code === 0x2029 || code === 0x3000
}
