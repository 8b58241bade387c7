import type { Channel } from '../../model/channel.ts'
import type { Draft } from './draft.ts'
import { decoded } from './encoded.ts'
import { entityEdits } from './entities.ts'
import { backslashEdits, encodedWordEdits, percentEdits } from './escapes.ts'
import { folded, stripped } from './fold.ts'
import { htmlRead } from './html.ts'
import { joinedRead } from './joined.ts'
import { markdownTargets } from './markdown.ts'
import { marksOf, type Marks } from './marks.ts'
import { spliced, type Edit } from './splice.ts'
import { tagsRead } from './tags.ts'
import { leetRead, reversedStretches, rotatedStretches } from './turned.ts'
import type { Reading, Span, View, ViewKind } from './view.ts'
import { wordSigns } from './word-signs.ts'

/** How often readings are read again: two encodings inside one another. */
export const READING_DEPTH_MAX = 2
/** Most characters of all readings of a text together, beside the text itself, per character of the text. */
export const READING_FACTOR_MAX = 4
/** Most readings of one text. */
export const READINGS_MAX = 32
/** What the readings of a text may have however short it is, in characters. */
const READING_CHARS_MIN = 16_384

/** Channels whose texts are HTML more often than not: there, tags of any name are tags. */
const MARKUP: ReadonlySet<Channel> = new Set(['web', 'email', 'document', 'retrieval'])

export interface ReadOptions {
  /** Where the text comes from. In some channels every tag is a tag, in mail `=69` is an escape. Default: none of these. */
  readonly channel?: Channel
  /** How often readings are read again; default `READING_DEPTH_MAX`. Folding does not count. */
  readonly depthMax?: number
  /** Most characters of all readings together; default `READING_FACTOR_MAX` times the text, and a few thousand at least. */
  readonly charsMax?: number
}

/**
 * Reads a text in every way it can be read: as it came, first; then without what people do not see and with disguised letters
 * resolved, as HTML and Markdown, and decoded, each reading again in turn. A text in which nothing is hidden has one reading and
 * costs one look at its characters. The text itself is never changed (R073).
 * @returns Readings with their places in the original. `isWhole` is false when a bound left something unread, which policy must
 * treat as not inspected, never as clean.
 */
export function read(text: string, options: ReadOptions = {}): Reading {
  const { channel, depthMax = READING_DEPTH_MAX } = options
  const root: View = { kind: 'text', text, locate: (start, end) => within(text, start, end) }
  const reader = new Reader(options.charsMax ?? Math.max(READING_CHARS_MIN, text.length * READING_FACTOR_MAX), channel)
  reader.views.push(root)
  reader.readAgain({ above: root, depth: depthMax })
  return { views: reader.views, isWhole: reader.isWhole }
}

/** A reading that is read again, and how often its readings may be. */
interface Place {
  readonly above: View
  readonly depth: number
}

class Reader {
  readonly views: View[] = []
  isWhole = true
  readonly #channel: Channel | undefined
  readonly #isMarkup: boolean
  #charsLeft: number

  constructor(charsMax: number, channel: Channel | undefined) {
    this.#charsLeft = charsMax
    this.#channel = channel
    this.#isMarkup = channel !== undefined && MARKUP.has(channel)
  }

  /** Adds the readings of a reading, and theirs. */
  readAgain(place: Place): void {
    const { text } = place.above
    const marks = marksOf(text, this.#isMarkup)
    if (marks.isUnusual) this.#fold(place)
    if (place.depth <= 0) {
      // Encodings within encodings have an end; whoever goes beyond it is told of.
      if (marks.runs.length > 0 && decoded(text, marks).length > 0) this.isWhole = false
      return
    }
    if (marks.hasTags) {
      const { visible, hidden, target } = htmlRead(text)
      this.#add('visible', visible, place)
      this.#add('hidden', hidden, place)
      this.#add('target', target, place)
    } else if (marks.hasEntities) this.#splice('entities', entityEdits(text), place)
    if (marks.hasLinks) this.#add('target', markdownTargets(text), place)
    this.#decode(marks, place)
    const signs = wordSigns(text)
    if (signs.isJoined) this.#add('joined', joinedRead(text), place)
    if (signs.isLeet) this.#add('leet', leetRead(text), place)
    if (signs.isRotated) this.#add('rot13', rotatedStretches(text), place)
    if (signs.isReversed) for (const draft of reversedStretches(text)) this.#add('reversed', draft, place)
  }

  #fold({ above, depth }: Place): void {
    this.#add('tags', tagsRead(above.text), { above, depth })
    const kept = stripped(above.text)
    const text = kept.length > 0 ? kept.text() : above.text
    const draft = folded(text)
    const below = { above, depth: depth + 1 }
    if (draft && kept.length > 0) this.#add('folded', { text: () => draft.text(), locate: through(draft, kept) }, below)
    else if (draft) this.#add('folded', draft, below)
    else if (kept.length > 0) this.#add('folded', kept, below)
  }

  #decode(marks: Marks, place: Place): void {
    const { text } = place.above
    if (marks.hasPercent) this.#splice('percent', percentEdits(text), place)
    if (marks.hasEscapes) this.#splice('hex', backslashEdits(text), place)
    if (marks.hasEncodedWords) {
      const words = encodedWordEdits(text)
      this.#splice('base64', words.base64, place)
      this.#splice('percent', words.percent, place)
    }
    if (this.#channel === 'email') this.#splice('percent', percentEdits(text, '='), place)
    if (marks.runs.length === 0 && !marks.hasHexPairs) return
    for (const [encoding, draft] of decoded(text, marks)) this.#add(encoding, draft, place)
  }

  #splice(kind: ViewKind, edits: readonly Edit[], place: Place): void {
    if (edits.length > 0) this.#add(kind, spliced(place.above.text, edits), place)
  }

  /** Adds a reading and reads it again, unless it says nothing new or is beyond the bounds. */
  #add(kind: ViewKind, draft: Pick<Draft, 'text' | 'locate'> | undefined, { above, depth }: Place): void {
    const text = draft?.text() ?? ''
    if (!draft || text.trim() === '' || this.views.some((view) => view.text === text)) return
    if (text.length > this.#charsLeft || this.views.length >= READINGS_MAX) {
      this.isWhole = false
      return
    }
    this.#charsLeft -= text.length
    const locate = (start: number, end: number) => {
      const place = draft.locate(start, end)
      return above.locate(place.start, place.end)
    }
    const view: View = { kind, text, locate }
    this.views.push(view)
    this.readAgain({ above: view, depth: depth - 1 })
  }
}

function within(text: string, start: number, end: number): Span {
  const from = Math.max(0, Math.min(start, text.length - 1))
  return { start: from, end: Math.max(Math.min(from + 1, text.length), Math.min(end, text.length)) }
}

/** A place in a reading of a reading. */
function through(inner: Draft, outer: Draft): View['locate'] {
  return (start, end) => {
    const place = inner.locate(start, end)
    return outer.locate(place.start, place.end)
  }
}
