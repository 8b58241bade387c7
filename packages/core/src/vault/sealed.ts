import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../model/bytes.ts'
import { jcs } from '../model/jcs.ts'

/** AES-256-GCM with a 16-byte tag behind the ciphertext. */
export interface Aead {
  seal(key: Uint8Array, nonce: Uint8Array, message: { readonly plain: Uint8Array; readonly aad: Uint8Array }): Uint8Array
  /** `undefined` when the tag does not fit. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    message: { readonly sealed: Uint8Array; readonly aad: Uint8Array },
  ): Uint8Array | undefined
}

/** What a sealed text is bound to: it opens nowhere else. Any list of words. */
export type Binding = readonly string[]

const VERSION = 1
const SALT_BYTES = 32
const COMMITMENT_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32
/** Bytes before the ciphertext: version, salt, key commitment, nonce. */
export const SEALED_HEAD_BYTES = 1 + SALT_BYTES + COMMITMENT_BYTES + NONCE_BYTES

/**
 * Seals bytes: `version ‖ salt ‖ commitment ‖ nonce ‖ AES-256-GCM`. Encryption key and commitment come from key and salt by
 * HKDF-SHA-256, so each message has a key of its own, no nonce can repeat under one, and the commitment lets the message open
 * under one key only, which AES-GCM alone does not promise.
 * @param random 44 fresh random bytes.
 * @see RFC 5869; "How to Abuse and Fix Authenticated Encryption Without Key Commitment" (Albertini et al., 2022)
 */
export function sealBytes(
  plain: Uint8Array,
  { key, binding, random, aead }: { key: Uint8Array; binding: Binding; random: Uint8Array; aead: Aead },
): Uint8Array {
  if (random.length !== SALT_BYTES + NONCE_BYTES) throw new TypeError('44 random bytes are needed')
  const salt = random.subarray(0, SALT_BYTES)
  const nonce = random.subarray(SALT_BYTES)
  const derived = derive(key, salt)
  const sealed = aead.seal(derived.key, nonce, { plain, aad: aadOf(binding) })
  const bytes = new Uint8Array(SEALED_HEAD_BYTES + sealed.length)
  bytes[0] = VERSION
  bytes.set(salt, 1)
  bytes.set(derived.commitment, 1 + SALT_BYTES)
  bytes.set(nonce, 1 + SALT_BYTES + COMMITMENT_BYTES)
  bytes.set(sealed, SEALED_HEAD_BYTES)
  return bytes
}

/** Random bytes that `sealBytes` takes. */
export const SEAL_RANDOM_BYTES = SALT_BYTES + NONCE_BYTES

/** Opens what `sealBytes` made; `undefined` when it is malformed, of another key, bound to something else, or changed. */
export function openBytes(
  sealed: Uint8Array,
  { key, binding, aead }: { key: Uint8Array; binding: Binding; aead: Aead },
): Uint8Array | undefined {
  if (sealed.length < SEALED_HEAD_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined
  const salt = sealed.subarray(1, 1 + SALT_BYTES)
  const commitment = sealed.subarray(1 + SALT_BYTES, 1 + SALT_BYTES + COMMITMENT_BYTES)
  const nonce = sealed.subarray(1 + SALT_BYTES + COMMITMENT_BYTES, SEALED_HEAD_BYTES)
  const derived = derive(key, salt)
  if (!isSame(derived.commitment, commitment)) return undefined
  return aead.open(derived.key, nonce, { sealed: sealed.subarray(SEALED_HEAD_BYTES), aad: aadOf(binding) })
}

function derive(key: Uint8Array, salt: Uint8Array): { readonly key: Uint8Array; readonly commitment: Uint8Array } {
  const bytes = hkdf(sha256, key, salt, utf8('sallyport/v1/sealed'), KEY_BYTES + COMMITMENT_BYTES)
  return { key: bytes.subarray(0, KEY_BYTES), commitment: bytes.subarray(KEY_BYTES) }
}

function aadOf(binding: Binding): Uint8Array {
  return utf8(jcs([VERSION, ...binding]))
}

/** Without an early end: how much of a commitment fits is nobody's business. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.reduce((sum, byte, i) => sum | (byte ^ (b[i] ?? 0)), a.length ^ b.length) === 0
}
