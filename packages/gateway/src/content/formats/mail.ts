import PostalMime, { decodeWords } from 'postal-mime'
import type { Source } from '../read-content.ts'
import { unsaid } from './alternatives.ts'

/** Lines that begin like a boundary; more are a bomb, not a mail. */
const BOUNDARIES_MAX = 2_000
/** Deepest nesting of multiparts. */
const NESTING_MAX = 16
const HEADER_BYTES_MAX = 262_144
/** Most header fields kept. */
const FIELDS_MAX = 200
/** Most messages of a mailbox. */
const MESSAGES_MAX = 100

/**
 * A message: what its text part says is seen, its page is a part of its own, and so is each attachment. A text part that says what
 * the page does not is hidden from people, whose programs show the page. @see RFC 5322, RFC 2045–2049.
 */
export async function readMail({ bytes, out, open }: Source): Promise<void> {
  if (countBoundaries(bytes) > BOUNDARIES_MAX) return out.trouble('nesting_limit')
  const mail = await PostalMime.parse(bytes, {
    attachmentEncoding: 'arraybuffer',
    forceRfc822Attachments: true,
    maxNestingDepth: NESTING_MAX,
    maxHeadersSize: HEADER_BYTES_MAX,
  })
  for (const { originalKey, value } of mail.headers.slice(0, FIELDS_MAX)) out.describe(originalKey, decodeWords(value))
  if (mail.headers.length > FIELDS_MAX) out.trouble('truncated')
  const { text = '', html = '' } = mail
  out.show(text)
  if (html !== '') {
    await open('text/html', Buffer.from(html), 'text/html')
    if (text !== '') out.hide('alternative', unsaid(text, html))
  }
  for (const { filename, mimeType, content } of mail.attachments) {
    const attached = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
    await open(filename ?? mimeType, attached, mimeType)
  }
}

/** Messages one after another. @see RFC 4155. */
export async function readMailbox({ bytes, out, open }: Source): Promise<void> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let start = 0
  for (let i = 0; start < file.length; i++) {
    if (i >= MESSAGES_MAX) return out.trouble('truncated')
    const next = file.indexOf('\nFrom ', start)
    const end = next < 0 ? file.length : next + 1
    const headAt = file.indexOf('\n', start) + 1
    await open(`message ${i + 1}`, file.subarray(headAt, end), 'message/rfc822')
    start = end
  }
}

function countBoundaries(bytes: Uint8Array): number {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let count = 0
  for (let at = file.indexOf('\n--'); at >= 0 && count <= BOUNDARIES_MAX; at = file.indexOf('\n--', at + 3)) count++
  return count
}
