import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import type { Aead } from '@sallyport/core'

const TAG_BYTES = 16

type Key = Uint8Array | KeyObject
type Sealing = Parameters<Aead['seal']>[2]
type Opening = Parameters<Aead['open']>[2]

/** AES-256-GCM of Node's OpenSSL. A key used often is best a `KeyObject`: making one costs more than sealing a kilobyte. */
export const nodeAead = {
  seal(key: Key, nonce: Uint8Array, { plain, aad }: Sealing): Uint8Array {
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(aad)
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  },
  open(key: Key, nonce: Uint8Array, { sealed, aad }: Opening): Uint8Array | undefined {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(aad)
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
    } catch {
      return undefined
    }
  },
} satisfies Aead
