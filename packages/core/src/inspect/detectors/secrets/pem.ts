import type { Sighting } from '../../define-detector.ts'
import { isPlaceholder } from './placeholder.ts'

const DASHES = '-----'
/** The label: `RSA PRIVATE KEY`, `PGP PRIVATE KEY BLOCK`. */
const LABEL = /BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/y
/** What a key begins with on the lines below: base64, a header, or nothing yet. Line ends may be written out, as in JSON. */
const MATERIAL = /(?:\s|\\r|\\n){0,8}(?:$|[A-Za-z0-9+/=]{16}|(?:Proc-Type|DEK-Info|Version|Comment|Charset): )/y
const END = /-----END (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g

/**
 * The private key whose `BEGIN` stands at a place. An unfinished one, as in the first part of a stream, reaches to the end of the
 * text. A label in a sentence, with no key below it, is none.
 * @see RFC 7468; RFC 1421; RFC 9580, section 6.2
 */
export function pemAt(text: string, at: number): Sighting | undefined {
  const start = at - DASHES.length
  if (start < 0 || !text.startsWith(DASHES, start)) return undefined
  LABEL.lastIndex = at
  const label = LABEL.exec(text)?.[0]
  if (label === undefined) return undefined
  MATERIAL.lastIndex = at + label.length
  if (!MATERIAL.test(text)) return undefined
  END.lastIndex = at + label.length
  const end = END.exec(text)
  // Without an end the rest is the key, and nothing is looked for in it again: so this stays linear.
  const stop = end ? end.index + end[0].length : text.length
  const body = text.slice(at + label.length, Math.min(stop, at + label.length + 100))
  const severity = end && isPlaceholder(body) ? 'low' : 'high'
  return { code: 'private_key', severity, class: 'secret', start, end: stop }
}
