import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto'
import { GatewayError } from '@sallyport/core'

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64

/** A new Ed25519 private key as PKCS#8 PEM. */
export function newPrivateKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** `file` is named in the error. @throws GatewayError `CONFIG_INVALID` when the text is not an Ed25519 private key. */
export function parsePrivateKey(pem: string, file: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below; the parser's own words could repeat parts of the file.
  }
  throw new GatewayError('CONFIG_INVALID', `${file}: not an Ed25519 private key in PKCS#8 PEM`)
}

/** The 32 bytes of an Ed25519 public key, from either half. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })
  return new Uint8Array(spki.subarray(spki.length - KEY_BYTES))
}

/** `base64` holds the 32 bytes of the key. */
export function publicKeyOf(base64: string): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(base64, 'base64').toString('base64url') },
    format: 'jwk',
  })
}

/** @see RFC 8032 */
export function signEd25519(message: Uint8Array, key: KeyObject): Uint8Array {
  return new Uint8Array(sign(null, message, key))
}

/** Whether the signature is this key's over exactly this message. `publicKey`: 32 bytes, base64. */
export function verifyEd25519(publicKey: string, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES && verify(null, message, publicKeyOf(publicKey), signature)
}
