import type { ContentType, TextEncoding } from './content-type.ts'

/** Bytes from the start that are looked at to tell text from other bytes. */
const CHECKED_BYTES = 65_536

/** The encoding of a text, or `undefined` for bytes that are none: with control characters no text has. */
export function encodingOf(bytes: Uint8Array): TextEncoding | undefined {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  const checked = bytes.subarray(0, CHECKED_BYTES)
  const zeros = [0, 0]
  for (let i = 0; i < checked.length; i++) {
    const byte = checked[i] ?? 0
    if (byte === 0) zeros[i & 1] = (zeros[i & 1] ?? 0) + 1
    else if (byte < 32 && !isBlankControl(byte)) return undefined
  }
  const [even = 0, odd = 0] = zeros
  if (even + odd === 0) return isUtf8(checked, bytes.length > checked.length) ? 'utf-8' : 'latin1'
  // Latin letters in UTF-16 without a mark: every second byte is zero.
  const half = checked.length / 2
  if (odd > half * 0.7 && even < half * 0.05) return 'utf-16le'
  if (even > half * 0.7 && odd < half * 0.05) return 'utf-16be'
  return undefined
}

/** Tab, line feed, vertical tab, form feed, return, backspace and escape, as terminals write them. */
function isBlankControl(byte: number): boolean {
  return (byte >= 8 && byte <= 13) || byte === 27
}

/** Whether bytes are well-formed UTF-8. @see RFC 3629, section 4. */
function isUtf8(bytes: Uint8Array, isCut: boolean): boolean {
  let i = 0
  while (i < bytes.length) {
    const lead = bytes[i] ?? 0
    const more =
      lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : -1
    if (more < 0) return false
    if (i + more >= bytes.length) return isCut || more === 0
    const second = bytes[i + 1] ?? 0
    if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return false
    if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return false
    for (let k = 1; k <= more; k++) if (((bytes[i + k] ?? 0) & 0xc0) !== 0x80) return false
    i += more + 1
  }
  return true
}

/** The format of a text by its first characters. */
export function sniffText(head: string): ContentType {
  const text = head.trimStart()
  const lower = text.slice(0, 1_024).toLowerCase()
  if (lower.startsWith('{\\rtf')) return 'rtf'
  if (lower.startsWith('<')) return sniffMarkup(lower) ?? 'text'
  if (isJsonStart(text)) return 'json'
  if (head.startsWith('From ') && isMailHead(head.slice(head.indexOf('\n') + 1))) return 'mbox'
  if (isMailHead(head)) return 'eml'
  return isTable(head) ? 'csv' : 'text'
}

/** Elements that make a browser, asked to guess, take a text for a page. @see https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type */
const PAGE = new Set('html head script iframe h1 div font table a style title b body br p meta link img form'.split(' '))

function sniffMarkup(lower: string): ContentType | undefined {
  if (lower.startsWith('<!doctype html')) return 'html'
  if (lower.startsWith('<?xml') || lower.startsWith('<!doctype')) {
    if (/<(?:!doctype html|html[\s>])/.test(lower)) return 'html'
    return /<(?:[a-z]{1,16}:)?svg[\s/>]/.test(lower) ? 'svg' : 'xml'
  }
  if (lower.startsWith('<!--')) {
    const end = lower.indexOf('-->')
    return (end < 0 ? undefined : sniffMarkup(lower.slice(end + 3).trimStart())) ?? 'html'
  }
  const name = /^<([a-z][\w:.-]{0,63})(?=[\s/>])/.exec(lower)?.[1]
  if (name === undefined) return undefined
  if (name === 'svg' || name.endsWith(':svg')) return 'svg'
  return PAGE.has(name) ? 'html' : 'xml'
}

/** `{` with a name or `}` behind it, `[` with a value behind it, or a single value on one line. */
function isJsonStart(text: string): boolean {
  if (text.startsWith('{')) return /^\{\s{0,1000}["}]/.test(text)
  if (text.startsWith('[')) return /^\[\s{0,1000}(?:[[{"\]]|-?\d|(?:true|false|null)\b)/.test(text)
  return /^(?:"[^"\r\n]{0,200}"|-?\d{1,20}(?:\.\d{1,20})?|true|false|null)\s{0,16}$/.test(text)
}

const MAIL_FIELDS = new Set(
  'from to cc bcc subject date message-id received mime-version return-path delivered-to reply-to content-type dkim-signature'.split(
    ' ',
  ),
)

/** Whether a text begins with header fields of which two or more belong to mail. @see RFC 5322, section 2.2. */
function isMailHead(text: string): boolean {
  let known = 0
  for (const line of text.split('\n', 100)) {
    if (line.trim() === '') break
    if (/^[ \t]/.test(line)) continue
    const name = /^([A-Za-z][A-Za-z0-9-]{0,40}):/.exec(line)?.[1]
    if (name === undefined) return false
    if (MAIL_FIELDS.has(name.toLowerCase())) known++
  }
  return known >= 2
}

/** Whether the first lines have the same number of separators. */
function isTable(head: string): boolean {
  const lines = head
    .split('\n', 6)
    .filter((line) => line.trim() !== '')
    .slice(0, 5)
  const whole = lines.length === 5 || head.endsWith('\n') ? lines : lines.slice(0, head.length < 4_000 ? 5 : -1)
  if (whole.length < 2) return false
  return [',', ';', '\t'].some((separator) => {
    const counts = whole.map((line) => line.split(separator).length)
    return (counts[0] ?? 0) > 1 && counts.every((count) => count === counts[0])
  })
}
