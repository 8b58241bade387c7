import { isElement, isRaw } from './elements.ts'
import { Finder } from './finder.ts'
import { isLetter, isNameCode } from './marks.ts'
import type { Span } from './view.ts'

/** An attribute: its name, and where its value stands, without quotation marks; empty when it has none. */
export interface Attribute extends Span {
  readonly name: string
}

/** What an HTML text consists of. Every token is a span of it; together they are the whole. */
export interface TokenSink {
  readonly text: (span: Span) => void
  readonly open: (name: string, attributes: readonly Attribute[], span: Span) => void
  readonly close: (name: string, span: Span) => void
  /** Comments, and what browsers take for one. `span` is its content. */
  readonly comment: (span: Span) => void
}

/** Most attributes of one tag that are told. */
const ATTRIBUTES_MAX = 64

/**
 * Reads HTML as browsers do, as far as it matters for what is seen: tags, attributes, comments, raw text. In one pass, whatever
 * the text: what is never closed is looked for once.
 * @see HTML, living standard, section 13.2.5
 */
export function tokens(text: string, sink: TokenSink): void {
  const ends = new Ends(text)
  let from = 0
  let i = text.indexOf('<')
  while (i >= 0) {
    const tag = tokenAt(text, i, ends)
    if (!tag) {
      i = text.indexOf('<', i + 1)
      continue
    }
    if (i > from) sink.text({ start: from, end: i })
    const span = { start: i, end: tag.end }
    if (tag.kind === 'comment') sink.comment(tag.content)
    else if (tag.kind === 'close') sink.close(tag.name, span)
    else sink.open(tag.name, tag.attributes, span)
    from = tag.end
    if (tag.kind === 'open' && isRaw(tag.name)) {
      from = ends.endTag(text, tag.name, tag.end)
      if (from > tag.end) sink.text({ start: tag.end, end: from })
    }
    i = text.indexOf('<', from)
  }
  if (from < text.length) sink.text({ start: from, end: text.length })
}

type Token =
  | { readonly kind: 'comment'; readonly content: Span; readonly end: number }
  | { readonly kind: 'close'; readonly name: string; readonly end: number }
  | { readonly kind: 'open'; readonly name: string; readonly attributes: readonly Attribute[]; readonly end: number }

/** Where things end. */
class Ends extends Finder {
  /** Off once a quotation mark has swallowed the end of a tag: then none is heeded any more. */
  heedsQuotes = true
  readonly #open = new Set<string>()

  /** Where the end tag of a raw text element begins; the end of the text when there is none. */
  endTag(text: string, name: string, from: number): number {
    if (this.#open.has(name)) return text.length
    for (let at = this.find('</', from); at >= 0; at = this.find('</', at + 2)) {
      if (text.slice(at + 2, at + 2 + name.length).toLowerCase() === name) return at
    }
    this.#open.add(name)
    return text.length
  }
}

function tokenAt(text: string, start: number, ends: Ends): Token | undefined {
  const next = text[start + 1] ?? ''
  if (text.startsWith('<!--', start)) return commentAt(text, start, ends)
  if (next === '!' || next === '?') {
    const end = ends.find('>', start)
    return end < 0 ? undefined : { kind: 'comment', content: { start: start + 2, end }, end: end + 1 }
  }
  const at = next === '/' ? start + 2 : start + 1
  if (!isLetter(text.charCodeAt(at))) return undefined
  let end = at
  while (isNameCode(text.charCodeAt(end))) end++
  const name = text.slice(at, Math.min(end, at + 64)).toLowerCase()
  // `<` in prose or source code: a name ends at a space, `/` or `>`.
  if (end < text.length && !/[\s/>]/.test(text[end] ?? '')) return undefined
  if (ends.find('>', end) < 0) return undefined
  const isKnown = isElement(name)
  let tag = attributesFrom({ text, ends, isKnown }, end)
  if (!tag && isKnown) {
    ends.heedsQuotes = false
    tag = attributesFrom({ text, ends, isKnown }, end)
  }
  if (!tag) return undefined
  return next === '/' ? { kind: 'close', name, end: tag.end } : { kind: 'open', name, attributes: tag.attributes, end: tag.end }
}

function commentAt(text: string, start: number, ends: Ends): Token {
  const end = ends.find('-->', start + 2)
  if (end < 0) return { kind: 'comment', content: { start: start + 4, end: text.length }, end: text.length }
  return { kind: 'comment', content: { start: start + 4, end: Math.max(start + 4, end) }, end: end + 3 }
}

/** Attributes up to the end of the tag; none when it never ends, or is prose between `<` and `>`. */
function attributesFrom(
  { text, ends, isKnown }: { readonly text: string; readonly ends: Ends; readonly isKnown: boolean },
  from: number,
): { readonly attributes: readonly Attribute[]; readonly end: number } | undefined {
  const attributes: Attribute[] = []
  let bare = 0
  for (let at = from; at < text.length;) {
    const char = text[at] ?? ''
    if (char === '>') return { attributes, end: at + 1 }
    if (/[\s/]/.test(char)) {
      at++
      continue
    }
    if (!isKnown && (char === '<' || bare > 2)) return undefined
    const nameStart = at
    at++
    while (at < text.length && !/[\s/>=]/.test(text[at] ?? '')) at++
    const name = text.slice(nameStart, Math.min(at, nameStart + 64)).toLowerCase()
    let value = at
    while (/[ \t\r\n]/.test(text[value] ?? '')) value++
    let span = { start: at, end: at }
    if (text[value] === '=') {
      span = valueAt(text, value + 1, ends)
      at = span.end
      if (text[span.start - 1] === text[at] && /["']/.test(text[at] ?? '')) at++
    } else bare++
    if (attributes.length < ATTRIBUTES_MAX) attributes.push({ name, ...span })
  }
  return undefined
}

function valueAt(text: string, from: number, ends: Ends): Span {
  let start = from
  while (/[ \t\r\n]/.test(text[start] ?? '')) start++
  const quote = text[start]
  if (ends.heedsQuotes && (quote === '"' || quote === "'")) {
    const end = ends.find(quote, start + 1)
    if (end >= 0) return { start: start + 1, end }
  }
  let end = start
  while (end < text.length && !/[\s>]/.test(text[end] ?? '')) end++
  return { start, end }
}
