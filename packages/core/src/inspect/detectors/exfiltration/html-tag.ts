import type { Span } from '../../reading/view.ts'
import { cssUnescaped } from './css-escapes.ts'
import { htmlUnescaped } from './html-entities.ts'
import type { Reference, ReferenceKind } from './reference.ts'

/** A URL that a tag refers to. Its place is that of the whole tag for what is fetched, of the value for a link. */
export interface HtmlTarget extends Reference {
  /** Where the value ends. */
  readonly valueEnd: number
}

/** Longest tag and longest value, in UTF-16 units. */
const TAG_UNITS_MAX = 16_384
const VALUE_UNITS_MAX = 8_192

/** Attributes whose URL is fetched when the tag is shown, on any tag. */
const FETCHED = new Set([
  'src',
  'srcset',
  'imagesrcset',
  'data',
  'poster',
  'background',
  'lowsrc',
  'dynsrc',
  'xlink:href',
  'codebase',
  'archive',
  'classid',
  'manifest',
  'profile',
])
/** Attributes whose URL is sent something when a person clicks. */
const SENT = new Set(['action', 'formaction', 'ping'])
/** Tags whose `href` a person follows; any other fetches it. */
const FOLLOWED = new Set(['a', 'area'])

/** The URLs of the tag whose `<` stands at a place. */
export function htmlTag(text: string, at: number): readonly HtmlTarget[] {
  const first = text.charCodeAt(at + 1) | 32
  if (!(first >= 97 && first <= 122)) return []
  const name = tagName(text, at + 1)
  // An address in angle brackets is a link of markdown.
  if (text[at + 1 + name.length] === ':' && name.length < 10 && !name.includes(':')) return []
  const { attributes, end } = attributesOf(text, at + 1 + name.length)
  return attributes.flatMap((attribute) =>
    targets(name, attribute, attributes).map(({ kind, url }) => {
      const place = kind === 'link' ? attribute : { start: at, end }
      return { kind, url, start: place.start, end: place.end, valueEnd: attribute.end }
    }),
  )
}

interface Attribute extends Span {
  readonly name: string
  readonly value: string
}

function targets(
  tag: string,
  { name, value }: Attribute,
  all: readonly Attribute[],
): readonly { kind: ReferenceKind; url: string }[] {
  if (name === 'srcset' || name === 'imagesrcset')
    return value
      .split(/[,\s]{1,64}/, 64)
      .filter((url) => /[/\\]/.test(url))
      .map((url) => ({ kind: 'html_fetch', url }))
  if (FETCHED.has(name)) return [{ kind: 'html_fetch', url: value }]
  if (SENT.has(name)) return [{ kind: 'form', url: value }]
  if (name === 'href') return [{ kind: FOLLOWED.has(tag) ? 'link' : 'html_fetch', url: value }]
  // The parser finds `url(…)` in plain styles by itself; escapes hide it.
  if (name === 'style' && value.includes('\\'))
    return [...cssUnescaped(value).matchAll(/(?:https?:|[/\\]{2})[^\s"')]{4,2000}/gi)].map(([url]) => ({ kind: 'css_fetch', url }))
  if (
    tag === 'meta' &&
    name === 'content' &&
    all.some((other) => other.name === 'http-equiv' && other.value.toLowerCase() === 'refresh')
  ) {
    const url = /^[\d.\s]{0,16}[;,]?\s{0,16}(?:url\s{0,8}=\s{0,8})?["']?(\S{1,8192})/i.exec(value)?.[1]
    return url === undefined ? [] : [{ kind: 'html_fetch', url }]
  }
  return []
}

function tagName(text: string, from: number): string {
  let end = from
  while (end - from < 32 && isNameUnit(text.charCodeAt(end))) end++
  return text.slice(from, end).toLowerCase()
}

/**
 * The attributes up to the end of the tag. A `<` outside a quoted value begins another tag, whatever browsers make of it, so that
 * no tag left open can hide what follows.
 * @see HTML, section 13.2.5
 */
function attributesOf(text: string, from: number): { attributes: readonly Attribute[]; end: number } {
  const attributes: Attribute[] = []
  const stop = Math.min(text.length, from + TAG_UNITS_MAX)
  let i = from
  while (i < stop) {
    const unit = text.charCodeAt(i)
    if (unit === 62) return { attributes, end: i + 1 }
    if (unit === 60) break
    if (!isNameUnit(unit)) {
      i++
      continue
    }
    const nameStart = i
    while (i < stop && isNameUnit(text.charCodeAt(i))) i++
    const name = i - nameStart <= 32 ? text.slice(nameStart, i).toLowerCase() : ''
    while (i < stop && isBlank(text.charCodeAt(i))) i++
    if (text.charCodeAt(i) !== 61) continue
    i++
    while (i < stop && isBlank(text.charCodeAt(i))) i++
    const { start, end, next } = valueAt(text, i)
    if (INTERESTING.has(name) && end > start) attributes.push({ name, value: htmlUnescaped(text.slice(start, end)), start, end })
    i = next
  }
  return { attributes, end: Math.max(i, from) }
}

const INTERESTING = new Set([...FETCHED, ...SENT, 'href', 'style', 'content', 'http-equiv'])

function valueAt(text: string, at: number): Span & { readonly next: number } {
  const quote = text[at]
  if (quote === '"' || quote === "'") {
    const close = text.slice(at + 1, at + 1 + VALUE_UNITS_MAX).indexOf(quote)
    if (close >= 0) return { start: at + 1, end: at + 1 + close, next: at + 2 + close }
  }
  const start = quote === '"' || quote === "'" ? at + 1 : at
  let end = start
  const stop = Math.min(text.length, start + VALUE_UNITS_MAX)
  while (end < stop && !isBlank(text.charCodeAt(end)) && text[end] !== '>' && text[end] !== '<') end++
  return { start, end, next: end }
}

/** Letters, digits, and the signs of names: `-`, `:`, `_`. */
function isNameUnit(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 58) || unit === 45 || unit === 95
}

function isBlank(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13)
}
