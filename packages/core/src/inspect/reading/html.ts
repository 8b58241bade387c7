import { Draft } from './draft.ts'
import { isBlock, isEndedBy, isVoid } from './elements.ts'
import { entityAt } from './entities.ts'
import { Finder } from './finder.ts'
import { hidingSelectors, isSameColor, lookOf } from './hiding.ts'
import { tokens, type Attribute } from './tokens.ts'
import type { Span } from './view.ts'

/** Deepest nesting followed; elements further in count as part of the last one. */
const DEPTH_MAX = 512

/** What a person sees of an HTML text, what only a program does, and where its links lead. */
export interface HtmlReadings {
  readonly visible: Draft
  readonly hidden: Draft
  readonly target: Draft
}

const ADDRESSES = new Set(
  'href src srcset action formaction poster background cite data longdesc manifest ping xlink:href usemap'.split(' '),
)
/** Attributes whose text programs read and the page does not show. */
const ASIDES = new Set(
  'alt title content summary placeholder label value aria-label aria-description aria-roledescription'.split(' '),
)

/**
 * Reads a text as HTML. Hidden is what its own styles, attributes and style sheets hide (`lookOf`), comments, `meta`, `template`,
 * `noscript`, JSON-LD, and texts of attributes: `alt`, `title`, `aria-*`, and `data-*` that hold words. Scripts and style
 * sheets themselves are neither.
 */
export function htmlRead(text: string): HtmlReadings {
  const page = new Page(text)
  tokens(text, page)
  return page
}

/** An open element. */
interface Frame {
  readonly name: string
  readonly isHidden: boolean
  /** Its content is code, not text. */
  readonly isCode: boolean
  readonly color: string
  readonly background: string
}
const ROOT: Frame = { name: '', isHidden: false, isCode: false, color: '', background: '' }

class Page implements HtmlReadings {
  readonly visible: Draft
  readonly hidden: Draft
  readonly target: Draft
  readonly #text: string
  readonly #finder: Finder
  readonly #stack: Frame[] = [ROOT]
  /** How many elements of a name are open: an end tag without its element costs nothing. */
  readonly #opened = new Map<string, number>()
  #hiding: ReadonlySet<string> = new Set()
  /** Whether the last thing written to `hidden` was the text of a hidden element, so that more of it goes on. */
  #goesOn = false

  constructor(text: string) {
    this.#text = text
    this.#finder = new Finder(text)
    this.visible = new Draft(text)
    this.hidden = new Draft(text)
    this.target = new Draft(text)
  }

  text(span: Span): void {
    const { isHidden, isCode, name } = this.#top()
    if (name === 'style') {
      const sheet = this.#text.slice(span.start, span.end)
      this.#hiding = new Set([...this.#hiding, ...hidingSelectors(sheet)])
      return
    }
    if (isCode) return
    if (!isHidden) this.#decode(this.visible, span)
    else if (this.#goesOn) this.#decode(this.hidden, span)
    else this.#aside(span)
    this.#goesOn = isHidden
  }

  comment(span: Span): void {
    this.#aside(span)
    this.#goesOn = false
  }

  open(name: string, attributes: readonly Attribute[], span: Span): void {
    while (this.#stack.length > 1 && isEndedBy(this.#top().name, name)) this.#pop()
    if (isBlock(name)) this.#breakLine(span)
    const frame = this.#frame(name, attributes)
    for (const attribute of attributes) this.#read(name, attribute)
    const isSelfClosed = this.#text[span.end - 2] === '/' && !/^[a-z]+$/.test(name)
    if (isVoid(name) || isSelfClosed || this.#stack.length > DEPTH_MAX) return
    this.#stack.push(frame)
    this.#opened.set(name, (this.#opened.get(name) ?? 0) + 1)
  }

  close(name: string, span: Span): void {
    if (isBlock(name)) this.#breakLine(span)
    if ((this.#opened.get(name) ?? 0) === 0) return
    while (this.#top().name !== name) this.#pop()
    this.#pop()
  }

  #top(): Frame {
    return this.#stack.at(-1) ?? ROOT
  }

  #pop(): void {
    const { name } = this.#stack.pop() ?? ROOT
    this.#opened.set(name, (this.#opened.get(name) ?? 1) - 1)
  }

  #frame(name: string, attributes: readonly Attribute[]): Frame {
    const above = this.#top()
    const value = (of: string) => {
      const attribute = attributes.find((other) => other.name === of)
      return attribute && this.#text.slice(attribute.start, attribute.end)
    }
    const look = lookOf(this.#plain(value('style') ?? ''))
    const color = look.color || (value('color') ?? '').toLowerCase() || above.color
    const background = look.background || (value('bgcolor') ?? '').toLowerCase() || above.background
    const classes = (value('class') ?? '').slice(0, 500).split(/\s+/)
    const isHidden =
      above.isHidden ||
      look.isHidden ||
      value('hidden') !== undefined ||
      name === 'template' ||
      name === 'noscript' ||
      (name === 'input' && value('type')?.toLowerCase() === 'hidden') ||
      (name === 'script' && /json/i.test(value('type') ?? '')) ||
      (this.#hiding.size > 0 && (classes.some((one) => this.#hiding.has(`.${one}`)) || this.#hiding.has(`#${value('id')}`))) ||
      isSameColor(color, background)
    const isCode = name === 'style' || (name === 'script' && !isHidden)
    return { name, isHidden, isCode, color, background }
  }

  #read(name: string, { name: attribute, start, end }: Attribute): void {
    if (end === start) return
    if (ADDRESSES.has(attribute)) this.#line(this.target, { start, end })
    else if (attribute === 'style') this.#addressesOf(start, end)
    else if (ASIDES.has(attribute)) {
      if (attribute !== 'value' || name === 'input') this.#aside({ start, end })
    } else if ((attribute.startsWith('data-') || attribute.startsWith('aria-')) && this.#text.slice(start, end).includes(' '))
      this.#aside({ start, end })
    else return
    this.#goesOn = false
  }

  /** `url(…)` in a style. */
  #addressesOf(start: number, end: number): void {
    for (let at = this.#finder.find('url(', start); at >= 0 && at < end; at = this.#finder.find('url(', at + 4)) {
      const close = this.#finder.find(')', at)
      if (close < 0 || close > end) return
      if (close > at + 4) this.#line(this.target, { start: at + 4, end: close })
    }
  }

  #aside(span: Span): void {
    if (this.#text.slice(span.start, span.end).trim() !== '') this.#line(this.hidden, span)
  }

  #line(draft: Draft, span: Span): void {
    if (draft.length > 0) draft.put('\n', { start: span.start, end: span.start + 1 })
    this.#decode(draft, span)
  }

  #breakLine(span: Span): void {
    for (const draft of [this.visible, ...(this.#top().isHidden ? [this.hidden] : [])])
      if (!draft.endsLine) draft.put('\n', span, { written: 1, read: span.end - span.start })
  }

  #decode(draft: Draft, { start, end }: Span): void {
    let from = start
    for (let at = this.#finder.find('&', start); at >= 0 && at < end; at = this.#finder.find('&', at + 1)) {
      const entity = entityAt(this.#text, at)
      if (!entity || entity.end > end) continue
      draft.copy(from, at)
      draft.put(entity.text, { start: at, end: entity.end })
      from = entity.end
      at = entity.end - 1
    }
    draft.copy(from, end)
  }

  /** An attribute with its references resolved. */
  #plain(value: string): string {
    if (!value.includes('&')) return value
    const draft = new Draft(value)
    const page = new Page(value)
    page.#decode(draft, { start: 0, end: value.length })
    return draft.text()
  }
}
