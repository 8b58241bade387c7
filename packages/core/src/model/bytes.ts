import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

/** The few byte functions `core` needs without Node: SHA-256, HMAC-SHA-256, hex, UTF-8, base64. */
export const sha256: (bytes: Uint8Array) => Uint8Array = nobleSha256
export const toHex: (bytes: Uint8Array) => string = bytesToHex
export const fromHex: (hex: string) => Uint8Array = hexToBytes
export const utf8: (text: string) => Uint8Array = utf8ToBytes

export function sha256Hex(text: string): string {
  return toHex(sha256(utf8(text)))
}

/** Keyed commitment to a text: HMAC-SHA-256, hex. */
export function commit(key: Uint8Array, text: string): string {
  return toHex(hmac(nobleSha256, key, utf8(text)))
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** @see RFC 4648, section 4, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const count = Math.min(3, bytes.length - i) + 1
    for (let k = 0; k < 4; k++) text += k < count ? ALPHABET[(group >> (18 - 6 * k)) & 63] : '='
  }
  return text
}

/** Strict: padding required, no whitespace, no non-zero trailing bits. `undefined` when malformed. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const bytes: number[] = []
  for (let i = 0; i < text.length; i += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((k) => Math.max(0, ALPHABET.indexOf(text[i + k] ?? '=')))
    bytes.push((a << 2) | (b >> 4))
    if (text[i + 2] !== '=') bytes.push(((b & 15) << 4) | (c >> 2))
    if (text[i + 3] !== '=') bytes.push(((c & 3) << 6) | d)
  }
  const decoded = Uint8Array.from(bytes)
  return toBase64(decoded) === text ? decoded : undefined
}
