import type { Reference } from './reference.ts'

/** Most brackets open at once, most labels and definitions kept. */
const OPEN_MAX = 64
const LABELS_MAX = 1_000
/** Longest label, and longest title behind a destination, in UTF-16 units. */
const LABEL_UNITS_MAX = 999
const TITLE_UNITS_MAX = 300

interface Bracket {
  readonly at: number
  readonly isImage: boolean
}

/** The brackets that are open, and who refers to which definition; for one text. */
export class MarkdownLabels {
  readonly #open: Bracket[] = []
  readonly #images = new Set<string>()
  readonly #definitions = new Map<string, Omit<Reference, 'kind'>>()

  open(text: string, at: number): void {
    this.#open.push({ at, isImage: text.charCodeAt(at - 1) === 33 })
    if (this.#open.length > OPEN_MAX) this.#open.shift()
  }
  close(): Bracket | undefined {
    return this.#open.pop()
  }
  use(label: string): void {
    if (this.#images.size < LABELS_MAX) this.#images.add(plainLabel(label))
  }
  /** The first definition of a label counts. */
  define(label: string, target: Omit<Reference, 'kind'>): void {
    const plain = plainLabel(label)
    if (this.#definitions.size < LABELS_MAX && !this.#definitions.has(plain)) this.#definitions.set(plain, target)
  }
  /** With more labels than are kept, any definition may be an image. */
  *definitions(): Generator<Reference> {
    for (const [label, target] of this.#definitions)
      yield { ...target, kind: this.#images.size >= LABELS_MAX || this.#images.has(label) ? 'markdown_image' : 'link' }
  }
}

function plainLabel(label: string): string {
  return label
    .slice(0, LABEL_UNITS_MAX)
    .trim()
    .toLowerCase()
    .replaceAll(/\s{1,999}/g, ' ')
}

/**
 * What follows the closing bracket at a place: a destination in parentheses, a label, or the colon of a definition. `next` is
 * where to go on; a definition is kept in `labels` and told at the end, when it is known whether it is an image.
 * @see CommonMark 0.31.2, sections 4.7, 6.3 and 6.4
 */
export function markdownDestination(
  text: string,
  at: number,
  labels: MarkdownLabels,
): { reference?: Reference; next: number } | undefined {
  const bracket = labels.close()
  if (!bracket) return undefined
  const start = bracket.isImage ? bracket.at - 1 : bracket.at
  const next = text.charCodeAt(at + 1)
  const label = () => text.slice(bracket.at + 1, Math.min(at, bracket.at + 1 + LABEL_UNITS_MAX))
  if (next === 40) {
    const target = destination(text, at + 2)
    if (!target) return undefined
    const close = text.slice(target.end, target.end + TITLE_UNITS_MAX).indexOf(')')
    const end = close < 0 ? target.end : target.end + close + 1
    // Of a link only the address is told: its text may be kept.
    const place = bracket.isImage ? { start, end } : { start: target.start, end: target.end }
    return { reference: { kind: bracket.isImage ? 'markdown_image' : 'link', url: target.url, ...place }, next: target.end }
  }
  if (next === 58 && !bracket.isImage) {
    const target = destination(text, at + 2)
    if (!target || !/^(?:https?|wss?|ftp|mailto|data|javascript|vbscript):|^[/\\]{2}/i.test(target.url)) return undefined
    labels.define(label(), { url: target.url, start: target.start, end: target.end })
    return { next: target.end }
  }
  if (!bracket.isImage) return undefined
  // `![text][label]`, `![label][]` and `![label]` alike.
  const full = next === 91 ? /\[([^\][]{1,999})\]/y : undefined
  if (full) full.lastIndex = at + 1
  labels.use(full?.exec(text)?.[1] ?? label())
  return undefined
}

interface Destination {
  readonly url: string
  readonly start: number
  readonly end: number
}

/** In angle brackets, or up to a blank or the parenthesis that closes. */
function destination(text: string, from: number): Destination | undefined {
  let start = from
  while (start - from < 32 && isBlank(text.charCodeAt(start))) start++
  if (text.charCodeAt(start) === 60) {
    let end = start + 1
    while (end < text.length && end - start < 8_192 && text[end] !== '>' && text[end] !== '\n' && text[end] !== '<') end++
    return { url: unescaped(text.slice(start + 1, end)), start: start + 1, end: Math.max(end, start + 2) }
  }
  let depth = 0
  let end = start
  for (; end < text.length && end - start < 8_192; end++) {
    const unit = text.charCodeAt(end)
    if (unit <= 32 || unit === 60 || (unit === 93 && text.charCodeAt(end + 1) === 40)) break
    if (unit === 40) depth++
    if (unit === 41 && depth-- === 0) break
  }
  return end === start ? undefined : { url: unescaped(text.slice(start, end)), start, end }
}

/** A backslash before punctuation is not part of the address. */
function unescaped(url: string): string {
  return url.includes('\\') ? url.replaceAll(/\\([!-.:-@[\]^-`{-~])/g, '$1') : url
}

function isBlank(unit: number): boolean {
  return unit === 32 || unit === 9 || unit === 10 || unit === 13
}
