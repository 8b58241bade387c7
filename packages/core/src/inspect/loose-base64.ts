import { fromBase64 } from '../model/bytes.ts'

/** Longest text decoded, in UTF-16 units. */
const UNITS_MAX = 4_096

/**
 * Base64 in either alphabet, padded or not, as a text with one unit for each byte; of long texts the beginning. `undefined` when
 * it is not base64 or is empty.
 */
export function decodeLooseBase64(text: string): string | undefined {
  const plain = text.slice(0, UNITS_MAX).replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', '')
  if (plain === '' || !/^[A-Za-z0-9+/]+$/.test(plain)) return undefined
  // A last group of one unit holds no byte; the last bits of a shorter group may be anything here.
  const whole = plain.slice(0, plain.length - (plain.length % 4))
  const rest = plain.slice(whole.length)
  const tail = rest.length > 1 ? `${rest}${'A'.repeat(4 - rest.length)}` : ''
  const bytes = fromBase64(`${whole}${tail}`)
  if (bytes === undefined) return undefined
  const kept = tail === '' ? bytes : bytes.subarray(0, bytes.length - (4 - rest.length))
  let decoded = ''
  for (const byte of kept) decoded += String.fromCharCode(byte)
  return decoded === '' ? undefined : decoded
}
