import { hash } from 'node:crypto'

const BLOCK_BYTES = 64

/**
 * HMAC-SHA-256 by two one-shot hashes: for texts of a few KB making an Hmac object costs more than hashing.
 * @param key At most 64 bytes. @see RFC 2104
 */
export function committer(key: Uint8Array): (text: string) => { readonly commitment: string; readonly bytes: number } {
  const inner = pad(key, 0x36)
  const outer = Buffer.alloc(BLOCK_BYTES + 32)
  pad(key, 0x5c).copy(outer)
  return (text) => {
    const bytes = Buffer.byteLength(text)
    const message = Buffer.allocUnsafe(BLOCK_BYTES + bytes)
    inner.copy(message)
    message.write(text, BLOCK_BYTES, 'utf8')
    hash('sha256', message, 'buffer').copy(outer, BLOCK_BYTES)
    return { commitment: hash('sha256', outer, 'hex'), bytes }
  }
}

function pad(key: Uint8Array, mask: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES, mask)
  key.forEach((byte, at) => (block[at] = byte ^ mask))
  return block
}
