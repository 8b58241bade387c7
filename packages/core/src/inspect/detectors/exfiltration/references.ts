import { cssUnescaped } from './css-escapes.ts'
import { htmlTag } from './html-tag.ts'
import { markdownDestination, MarkdownLabels } from './markdown.ts'
import type { Reference } from './reference.ts'

/** Longest URL, in UTF-16 units. */
const URL_UNITS_MAX = 8_192

/** Units at which a reference may begin or become known. */
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const LESS = 60
const COLON = 58
const OPEN_PAREN = 40
const AT = 64
const DOT = 46
const MARKS = new Uint8Array(65_536)
for (const mark of [OPEN_BRACKET, CLOSE_BRACKET, LESS, COLON, OPEN_PAREN, AT, DOT]) MARKS[mark] = 1

/**
 * Every reference of a text, in markdown (inline, by label, in angle brackets), HTML, CSS and as a bare address. It finds rather
 * too much than too little: where programs read differently, every reading counts. One pass; what was read is not read again.
 */
export function* references(text: string): Generator<Reference> {
  const labels = new MarkdownLabels()
  /** Values of attributes were told already; the bare address in one is not told again. */
  let toldTo = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (MARKS[unit] === 0) continue
    if (unit === OPEN_BRACKET) labels.open(text, i)
    else if (unit === CLOSE_BRACKET) {
      const found = markdownDestination(text, i, labels)
      if (!found) continue
      if (found.reference) yield found.reference
      i = Math.max(i, found.next - 1)
    } else if (unit === LESS) {
      for (const target of htmlTag(text, i)) {
        toldTo = Math.max(toldTo, target.valueEnd)
        yield { kind: target.kind, url: target.url, start: target.start, end: target.end }
      }
    } else if (unit === OPEN_PAREN || unit === AT) {
      const found = unit === AT ? cssImport(text, i) : cssUrl(text, i)
      if (!found || found.end <= toldTo) continue
      yield found
      i = found.end - 1
    } else {
      const found = unit === COLON ? bareUrl(text, i) : bareName(text, i)
      if (!found) continue
      if (found.start >= toldTo) yield found
      i = Math.max(i, found.end - 1)
    }
  }
  yield* labels.definitions()
}

/** `url(…)` and `image-set("…")`, asked at the parenthesis. */
function cssUrl(text: string, at: number): Reference | undefined {
  const before = text.slice(Math.max(0, at - 9), at).toLowerCase()
  if (!before.endsWith('url') && !before.endsWith('image-set') && !before.endsWith('src')) return undefined
  return cssValue(text, at + 1, at - 3)
}

/** `@import "…"`; with `url(…)` the parenthesis tells. */
function cssImport(text: string, at: number): Reference | undefined {
  if (text.slice(at, at + 7).toLowerCase() !== '@import') return undefined
  return cssValue(text, at + 7, at)
}

const CSS_VALUE = /[ \t\n\r]{0,16}(?:"([^"\n]{1,8192})"|'([^'\n]{1,8192})'|([^\s"'()]{1,8192}))/y

function cssValue(text: string, from: number, start: number): Reference | undefined {
  CSS_VALUE.lastIndex = from
  const match = CSS_VALUE.exec(text)
  if (match === null) return undefined
  const url = cssUnescaped(match[1] ?? match[2] ?? match[3] ?? '')
  return /^(?:https?:|wss?:|ftp:|[/\\]{2})/i.test(url) ? { kind: 'css_fetch', url, start, end: CSS_VALUE.lastIndex } : undefined
}

/** The address in running text whose colon stands at a place. */
function bareUrl(text: string, at: number): Reference | undefined {
  const scheme = /(?:https?|wss?|ftp|mailto|data|javascript|vbscript)$/i.exec(text.slice(Math.max(0, at - 10), at))?.[0]
  if (scheme === undefined) return undefined
  const isWeb = scheme.length <= 5 && scheme.toLowerCase() !== 'data'
  const next = text.charCodeAt(at + 1)
  if (isWeb && next !== 47 && next !== 92) return undefined
  // Only in links and attributes are these followed, and there they are told; a mail address is followed anywhere.
  if (!isWeb && scheme.toLowerCase() !== 'mailto') return undefined
  const start = at - scheme.length
  const end = endOfBare(text, at + 1)
  return { kind: 'link', url: text.slice(start, end), start, end }
}

/** `www.` alone is a link to many renderers. */
function bareName(text: string, at: number): Reference | undefined {
  if (at < 3 || !/(?:^|[^\w.@/-])www$/i.test(text.slice(Math.max(0, at - 4), at))) return undefined
  const end = endOfBare(text, at + 1)
  return end - at < 4 ? undefined : { kind: 'link', url: `http://${text.slice(at - 3, end)}`, start: at - 3, end }
}

function endOfBare(text: string, from: number): number {
  let end = from
  const stop = Math.min(text.length, from + URL_UNITS_MAX)
  while (end < stop && !endsBare(text.charCodeAt(end))) end++
  // What ends a sentence or closes a bracket is not part of the address.
  while (end > from && '.,;:!?\'")]}*_'.includes(text[end - 1] ?? '')) end--
  return end
}

/** Blanks, quotes, angle brackets, the bar of a table, and letters of scripts that write without blanks. */
function endsBare(unit: number): boolean {
  return (
    unit <= 32 || unit === 34 || unit === 60 || unit === 62 || unit === 96 || unit === 124 || (unit >= 0x3000 && unit <= 0x30ff)
  )
}
