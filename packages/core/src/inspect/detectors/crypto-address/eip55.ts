import { keccak_256 } from '@noble/hashes/sha3.js'
import { toHex, utf8 } from '../../../model/bytes.ts'

/** Whether the case of the letters of an address is the one its hash asks for (ERC-55). Addresses of one case carry no checksum. */
export function isEip55(word: string): boolean {
  const hex = word.slice(2)
  const lower = hex.toLowerCase()
  if (hex === lower || hex === hex.toUpperCase()) return false
  const hash = toHex(keccak_256(utf8(lower)))
  return Array.from(hex).every((char, i) => char === ((hash[i] ?? '0') >= '8' ? char.toUpperCase() : char.toLowerCase()))
}
