import { bytesOf } from './encoded.ts'
import { isHexDigit } from './marks.ts'
import type { Edit } from './splice.ts'
import { looksLikeText, textOfBytes, utf8Text } from './text-bytes.ts'

/** Escapes of characters that need none which make a text worth reading without them. */
const NEEDLESS_MIN = 3

/**
 * Escaped bytes, `%69` or with another sign in front, `=69`, when letters are escaped or words joined by escaped spaces.
 * @see RFC 3986, section 2.1; RFC 2045, section 6.7
 */
export function percentEdits(text: string, sign: '%' | '=' = '%'): readonly Edit[] {
  const edits: Edit[] = []
  let needless = 0
  for (let i = text.indexOf(sign); i >= 0; i = text.indexOf(sign, i + 1)) {
    const bytes: number[] = []
    let end = i
    while (text[end] === sign && isHexDigit(text.charCodeAt(end + 1)) && isHexDigit(text.charCodeAt(end + 2))) {
      bytes.push(Number.parseInt(text.slice(end + 1, end + 3), 16))
      end += 3
    }
    const decoded = bytes.length > 0 ? utf8Text(Uint8Array.from(bytes)) : undefined
    if (!decoded) continue
    needless += needlessIn(decoded)
    edits.push({ start: i, end, text: decoded, ...(decoded.length === bytes.length && { step: { written: 1, read: 3 } }) })
    i = end - 1
  }
  return needless >= NEEDLESS_MIN ? edits : []
}

/** Letters and digits of source code written as numbers: `\x69`, `\u0069`, `\u{69}`. */
export function backslashEdits(text: string): readonly Edit[] {
  const edits: Edit[] = []
  let needless = 0
  for (let i = text.indexOf('\\'); i >= 0; i = text.indexOf('\\', i + 1)) {
    let [end, decoded, width, isEven] = [i, '', 0, true]
    for (let next = escapeAt(text, end); next; next = escapeAt(text, end)) {
      width ||= next.end - end
      if (next.end - end !== width) isEven = false
      decoded += next.text
      end = next.end
    }
    if (decoded === '') continue
    needless += needlessIn(decoded)
    const step = isEven && decoded.length * width === end - i ? { written: 1, read: width } : undefined
    edits.push({ start: i, end, text: decoded, ...(step && { step }) })
    i = end - 1
  }
  return needless >= NEEDLESS_MIN ? edits : []
}

function escapeAt(text: string, at: number): { readonly text: string; readonly end: number } | undefined {
  if (text[at] !== '\\') return undefined
  const letter = text[at + 1]
  const hasBraces = letter === 'u' && text[at + 2] === '{'
  if (letter !== 'x' && letter !== 'u') return undefined
  const digits = at + (hasBraces ? 3 : 2)
  const count = hasBraces ? Math.max(0, text.slice(digits, digits + 7).indexOf('}')) : letter === 'x' ? 2 : 4
  if (count === 0) return undefined
  for (let i = digits; i < digits + count; i++) if (!isHexDigit(text.charCodeAt(i))) return undefined
  const point = Number.parseInt(text.slice(digits, digits + count), 16)
  if (point > 0x10ffff) return undefined
  return { text: String.fromCodePoint(point), end: digits + count + (hasBraces ? 1 : 0) }
}

/** Longest encoded word: RFC 2047 allows 75 characters, mail programs write more. */
const ENCODED_WORD_CHARS_MAX = 600

/**
 * Encoded words of mail headers, `=?utf-8?B?…?=` and `=?utf-8?Q?…?=`, by their encoding.
 * @see RFC 2047
 */
export function encodedWordEdits(text: string): { readonly base64: readonly Edit[]; readonly percent: readonly Edit[] } {
  const edits = { base64: [] as Edit[], percent: [] as Edit[] }
  for (let i = text.indexOf('=?'); i >= 0; i = text.indexOf('=?', i + 1)) {
    const head = /^=\?[\w*-]{1,40}\?([bq])\?/i.exec(text.slice(i, i + 48))
    if (!head) continue
    const start = i + head[0].length
    const end = text.slice(start, start + ENCODED_WORD_CHARS_MAX).indexOf('?')
    if (end < 0 || text[start + end + 1] !== '=') continue
    const body = text.slice(start, start + end)
    const isBase64 = head[1]?.toLowerCase() === 'b'
    const decoded = isBase64 ? base64Text(body) : quotedText(body)
    if (!decoded || !looksLikeText(decoded)) continue
    edits[isBase64 ? 'base64' : 'percent'].push({ start: i, end: start + end + 2, text: decoded })
    i = start + end
  }
  return edits
}

function base64Text(body: string): string | undefined {
  const digits = body.replace(/={0,2}$/, '')
  return /^[A-Za-z0-9+/]*$/.test(digits) ? textOfBytes(bytesOf(digits, [{ start: 0, end: digits.length }], 'base64')) : undefined
}

function quotedText(body: string): string | undefined {
  const bytes: number[] = []
  for (let i = 0; i < body.length; i++) {
    const isEscape = body[i] === '=' && isHexDigit(body.charCodeAt(i + 1)) && isHexDigit(body.charCodeAt(i + 2))
    bytes.push(isEscape ? Number.parseInt(body.slice(i + 1, i + 3), 16) : body[i] === '_' ? 32 : body.charCodeAt(i) & 0xff)
    if (isEscape) i += 2
  }
  return textOfBytes(Uint8Array.from(bytes))
}

/** Letters and spaces; any letter outside ASCII counts as well, for it hides from whoever looks for it. */
function needlessIn(text: string): number {
  let count = 0
  for (const char of text) if (/[\p{L}\d ]/u.test(char)) count++
  return count
}
