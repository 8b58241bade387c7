import type { Channel } from '../../../model/channel.ts'
import type { Sighting, Surroundings } from '../../define-detector.ts'

/** Most tags reported in one text. */
const SIGHTINGS_MAX = 10
/** Longest tag looked at, in UTF-16 units. */
const TAG_CHARS_MAX = 2_048

/** Channels whose texts are pages by nature. */
const PAGES: readonly Channel[] = ['web', 'email']
/** Members that say they hold markup. */
const MARKUP_FIELD = /html|svg|markup|xml/i

/** Elements that load, send or run something, or change the page around them. */
const ACTIVE = new Set(
  'script iframe frame frameset object embed applet form input button textarea select meta link base style svg math img image video audio source portal template dialog'.split(
    ' ',
  ),
)
/** Elements that only shape text. */
const PASSIVE = new Set(
  'a b i u s em strong p br hr div span ul ol li dl dt dd table thead tbody tr td th h1 h2 h3 h4 h5 h6 pre blockquote center font marquee body html head title section article main nav header footer details summary label noscript'.split(
    ' ',
  ),
)
/** Attributes that take an address which may be a program. */
const RUNS = /(?:^|[\s/"'])(?:on[a-z]{3,24}|srcdoc)\s{0,8}=(?!\s{0,8}\{)/i
const SCRIPT_ADDRESS = /=\s{0,8}["']?\s{0,8}(?:javascript|vbscript):|=\s{0,8}["']?\s{0,8}data:text\/html/i

/**
 * HTML in a text that nobody calls HTML. A script or an event handler is grave; an element that loads something, or a text that
 * is a whole page, less so; formatting is a remark. Code in backticks, comparisons, generics and addresses in angle brackets are none.
 */
export function markup(
  text: string,
  { channel, field }: Pick<Surroundings, 'field'> & { readonly channel: Channel },
): readonly Sighting[] {
  if (PAGES.includes(channel) || MARKUP_FIELD.test(field)) return []
  let at = text.indexOf('<')
  if (at < 0) return []
  const trimmed = text.slice(0, 1_024).trimStart().toLowerCase()
  if (trimmed.startsWith('<!doctype html') || trimmed.startsWith('<html'))
    return [{ code: 'html_in_text', severity: 'medium', start: 0, end: text.length }]
  const sightings: Sighting[] = []
  let isFormatted = false
  for (; at >= 0 && sightings.length < SIGHTINGS_MAX; at = text.indexOf('<', at + 1)) {
    const tag = readTag(text, at)
    if (!tag || text[at - 1] === '`') continue
    const severity = severityOf(tag)
    // One remark on formatting is enough.
    if (severity === undefined || (severity === 'low' && isFormatted)) continue
    isFormatted ||= severity === 'low'
    sightings.push({ code: 'html_in_text', severity, start: at, end: tag.end })
  }
  return sightings
}

interface Tag {
  readonly name: string
  readonly attributes: string
  readonly isClosing: boolean
  readonly end: number
}

/** The tag at `start`: as far as its `>`, or as the next `<`, since browsers need no `>` to run an event handler of a broken tag. */
function readTag(text: string, start: number): Tag | undefined {
  const isClosing = text[start + 1] === '/'
  let at = start + (isClosing ? 2 : 1)
  const nameAt = at
  while (at - nameAt < 16 && isNameChar(text.charCodeAt(at))) at++
  const name = text.slice(nameAt, at).toLowerCase()
  if (name === '' || !(ACTIVE.has(name) || PASSIVE.has(name))) return undefined
  const next = text[at]
  if (next !== '>' && next !== '/' && next !== undefined && next.trim() !== '') return undefined
  const attributesAt = at
  const last = Math.min(text.length, start + TAG_CHARS_MAX)
  while (at < last && text[at] !== '>' && text[at] !== '<') at++
  return { name, attributes: text.slice(attributesAt, at), isClosing, end: text[at] === '>' ? at + 1 : at }
}

function isNameChar(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57)
}

function severityOf({ name, attributes, isClosing }: Tag): Sighting['severity'] | undefined {
  if (!isClosing && (name === 'script' || RUNS.test(attributes) || SCRIPT_ADDRESS.test(attributes))) return 'high'
  if (isClosing) return 'low'
  const hasAttributes = attributes.includes('=')
  // A lone name in angle brackets, `<title>` or `<input>`, is a placeholder as often as an element.
  if (ACTIVE.has(name)) return hasAttributes ? 'medium' : undefined
  return hasAttributes || name === 'br' ? 'low' : undefined
}
