import { percentDecoded } from '../../../normalise/web-target.ts'
import { decodeLooseBase64 } from '../../loose-base64.ts'

/** Shortest base64, base32 and hex of a text worth telling, in UTF-16 units. */
const BASE64_UNITS_MIN = 12
const BASE32_UNITS_MIN = 16
const HEX_UNITS_MIN = 16

/** The readable text that a value is in base64, base32 or hex; `undefined` when it is none. */
export function decodedText(raw: string): string | undefined {
  const value = percentDecoded(raw)
  if (value.length >= HEX_UNITS_MIN && value.length % 2 === 0 && /^[0-9a-fA-F]{16,4096}$/.test(value)) {
    const text = value.replaceAll(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)))
    if (isReadable(text)) return text
  }
  if (value.length < BASE64_UNITS_MIN) return undefined
  const words = value.length >= BASE32_UNITS_MIN ? decodedBase32(value) : undefined
  if (words !== undefined && isReadable(words)) return words
  const text = decodeLooseBase64(value)
  return text !== undefined && isReadable(text) ? text : undefined
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** @see RFC 4648, section 6; case does not matter, as in host names. */
function decodedBase32(value: string): string | undefined {
  if (!/^[A-Za-z2-7]{16,4096}={0,6}$/.test(value)) return undefined
  let [text, bits, held] = ['', 0, 0]
  for (const char of value.toLowerCase().replaceAll('=', '')) {
    bits = ((bits << 5) | BASE32.indexOf(char)) & 0xfff
    held += 5
    if (held < 8) continue
    held -= 8
    text += String.fromCharCode((bits >> held) & 255)
  }
  return text
}

/** Nearly all of it printable ASCII or valid UTF-8 letters, and mostly letters: so chance is all but excluded. */
function isReadable(text: string): boolean {
  let [printable, letters] = [0, 0]
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if ((unit >= 32 && unit < 127) || unit === 9 || unit === 10 || unit === 13) printable++
    if ((unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || unit === 32 || (unit >= 48 && unit <= 57)) letters++
  }
  return text.length >= 8 && printable >= text.length * 0.97 && letters >= text.length * 0.7
}
