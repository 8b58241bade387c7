import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Aead } from '@sallyport/core'

const TAG_BYTES = 16

/** AES-256-GCM of Node's OpenSSL. */
export const nodeAead: Aead = {
  seal(key, nonce, { plain, aad }) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(aad)
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  },
  open(key, nonce, { sealed, aad }) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(aad)
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
    } catch {
      return undefined
    }
  },
}
