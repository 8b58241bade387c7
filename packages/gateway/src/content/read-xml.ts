/** What a document of XML is made of, in its order. Names come without the prefix of their namespace, which is the author's choice. */
export interface XmlHandler {
  readonly open: (name: string, attributes: ReadonlyMap<string, string>) => void
  readonly close: (name: string) => void
  readonly text?: (text: string) => void
}

/** Deepest nesting of elements. */
const DEPTH_MAX = 256
/** Most attributes of one element. */
const ATTRIBUTES_MAX = 200

/** A document type was declared: entities would follow, and nothing that is read here needs any. */
export class EntitiesRefused extends Error {}

/**
 * Walks XML in one pass, linear in its length. Knows the five entities of XML and characters by number; comments and instructions
 * are skipped. Not a validator: it is for reading what other programs will read.
 * @throws EntitiesRefused at a document type; Error where no program would go on reading.
 */
export function readXml(xml: string, { open, close, text }: XmlHandler): void {
  let at = 0
  const names: string[] = []
  while (at < xml.length) {
    const tag = xml.indexOf('<', at)
    const end = tag < 0 ? xml.length : tag
    if (end > at) text?.(decodeEntities(xml.slice(at, end)))
    if (tag < 0) break
    if (xml.startsWith('<!--', tag)) at = past(xml, '-->', tag + 4)
    else if (xml.startsWith('<![CDATA[', tag)) {
      at = past(xml, ']]>', tag + 9)
      text?.(xml.slice(tag + 9, at - 3))
    } else if (xml.startsWith('<?', tag)) at = past(xml, '?>', tag + 2)
    else if (xml[tag + 1] === '!') throw new EntitiesRefused('a document type')
    else if (xml[tag + 1] === '/') {
      at = past(xml, '>', tag)
      const name = names.pop()
      if (name !== undefined) close(name)
    } else {
      const element = readElement(xml, tag)
      at = element.end
      if (!element.isEmpty && names.push(element.name) > DEPTH_MAX) throw new Error('nested too deep')
      open(element.name, element.attributes)
      if (element.isEmpty) close(element.name)
    }
  }
  if (names.length > 0) throw new Error('an element does not end')
}

/** Whether text has two words: what stands where no program looks for text is a number or a reference, or meant for somebody else. */
export function hasWords(text: string): boolean {
  return /\p{L}\s{1,100}\p{L}/u.test(text)
}

/** Elements within a sentence; all others end one. */
const INLINE = new Set(['span', 'a', 's', 'tab', 'bookmark', 'r', 't'])

/** All text of a document; what is within a sentence stays together. */
export function xmlText(xml: string): string {
  const parts: string[] = []
  readXml(xml, {
    open: () => undefined,
    close: (name) => void (INLINE.has(name) || parts.push('\n')),
    text: (text) => void parts.push(text),
  })
  return parts.join('').replace(/\n{2,64}/g, '\n')
}

interface Element {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly isEmpty: boolean
  readonly end: number
}

function readElement(xml: string, start: number): Element {
  let at = nameEnd(xml, start + 1)
  const name = local(xml.slice(start + 1, at))
  const attributes = new Map<string, string>()
  for (;;) {
    at = skipBlanks(xml, at)
    if (xml[at] === '>') return { name, attributes, isEmpty: false, end: at + 1 }
    if (xml.startsWith('/>', at)) return { name, attributes, isEmpty: true, end: at + 2 }
    const end = nameEnd(xml, at)
    const equals = skipBlanks(xml, end)
    const quoteAt = skipBlanks(xml, equals + 1)
    const quote = xml[quoteAt]
    if (end === at || xml[equals] !== '=' || (quote !== '"' && quote !== "'")) throw new Error('not an attribute')
    const close = xml.indexOf(quote, quoteAt + 1)
    if (close < 0 || attributes.size >= ATTRIBUTES_MAX) throw new Error('an attribute does not end')
    attributes.set(local(xml.slice(at, end)), decodeEntities(xml.slice(quoteAt + 1, close)))
    at = close + 1
  }
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function nameEnd(xml: string, start: number): number {
  let at = start
  while (at < xml.length && !isBlank(xml.charCodeAt(at)) && !'=>/"\'<'.includes(xml[at] ?? '')) at++
  return at
}

function skipBlanks(xml: string, start: number): number {
  let at = start
  while (isBlank(xml.charCodeAt(at))) at++
  return at
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13
}

function past(xml: string, mark: string, from: number): number {
  const at = xml.indexOf(mark, from)
  if (at < 0) throw new Error('something does not end')
  return at + mark.length
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);/g, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole
    const point = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) ? String.fromCodePoint(point) : whole
  })
}
