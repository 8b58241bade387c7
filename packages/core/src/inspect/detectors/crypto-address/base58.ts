import { sha256 } from '../../../model/bytes.ts'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const VALUES = new Map(Array.from(ALPHABET, (char, value) => [char, value]))
/** A version, the hash of a key or script, and a checksum. */
const BYTES = 25
const CHECKSUM_BYTES = 4

/** First characters and version bytes: Bitcoin `1`, `3`; Litecoin `L`, `M`; Dogecoin `D`, `9`, `A`; Dash `X`, `7`; Tron `T`. */
const VERSIONS: ReadonlyMap<string, readonly number[]> = new Map([
  ['1', [0]],
  ['3', [5]],
  ['L', [48]],
  ['M', [50]],
  ['D', [30]],
  ['9', [22]],
  ['A', [22]],
  ['X', [76]],
  ['7', [16]],
  ['T', [65]],
])

/** Whether a word is an address in Base58Check: 25 bytes, a known version, and the first bytes of a double SHA-256. */
export function isBase58Address(word: string): boolean {
  const versions = VERSIONS.get(word[0] ?? '')
  const bytes = versions ? decode(word) : undefined
  if (!bytes || !versions?.includes(bytes[0] ?? -1)) return false
  const body = BYTES - CHECKSUM_BYTES
  const check = sha256(sha256(bytes.slice(0, body)))
  return bytes.slice(body).every((byte, i) => byte === check[i])
}

/** @returns 25 bytes, or `undefined` when the word is no Base58 or another size. */
function decode(word: string): Uint8Array | undefined {
  const bytes = new Uint8Array(BYTES)
  for (const char of word) {
    let carry = VALUES.get(char) ?? -1
    if (carry < 0) return undefined
    for (let i = BYTES - 1; i >= 0; i--) {
      carry += (bytes[i] ?? 0) * 58
      bytes[i] = carry & 255
      carry >>= 8
    }
    if (carry !== 0) return undefined
  }
  // Each leading zero byte is one `1`.
  const ones = /^1*/.exec(word)?.[0].length ?? 0
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return ones === zeros ? bytes : undefined
}
