import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { jcs, SEALED_CHARS_MAX, type SealedValue, type Sealer } from '@sallyport/core'
import { nodeAead } from '../node-aead.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Whose values are sealed: what one agent reads in one session opens in no other. */
export interface SealOwner {
  readonly agent: string
  readonly session: string
}

/**
 * Seals the values behind placeholders with AES-256-GCM: `nonce ‖ ciphertext ‖ tag`, base64url. Any replica with the key opens
 * what another sealed; nothing is kept.
 *
 * The nonce is not random but the first 96 bits of HMAC-SHA-256 over type and content, under a key of its own, so that equal
 * values give equal placeholders and a model can still tell who is who. That is safe because GCM fails when one nonce meets two
 * different messages under one key, and here a nonce repeats for the same message only, giving the same bytes again (the
 * construction of SIV, RFC 5297). Two messages share one by chance once in 2^96; keys are derived for each agent and session, so
 * even 2^32 different values of one session collide with probability 2^-33. What is given away is exactly what is wanted: which
 * placeholders of one session are equal. So an agent that can have texts of its choice redacted can test a guess there, one
 * request at a time, all of them recorded; across sessions nothing can be compared.
 * @param key 32 bytes, used for nothing else.
 */
export function openSealer(key: Uint8Array, { agent, session }: SealOwner): Sealer {
  if (key.length !== KEY_BYTES) throw new TypeError('a key of 32 bytes is needed')
  const owner = createHash('sha256')
    .update(jcs(['sallyport/v1/placeholder', agent, session]))
    .digest()
  const derived = Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), owner, 2 * KEY_BYTES))
  const sealKey = derived.subarray(0, KEY_BYTES)
  const nonceKey = derived.subarray(KEY_BYTES)
  return { seal, open }

  function seal(content: SealedValue, type: string): string | undefined {
    const plain = encode(content)
    if (!plain) return undefined
    const aad = aadOf(type)
    const nonce = nonceOf(plain, aad)
    const sealed = Buffer.concat([nonce, nodeAead.seal(sealKey, nonce, { plain, aad })]).toString('base64url')
    return sealed.length > SEALED_CHARS_MAX ? undefined : sealed
  }

  function open(sealed: string, type: string): SealedValue | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
    const nonce = bytes.subarray(0, NONCE_BYTES)
    const plain = nodeAead.open(sealKey, nonce, { sealed: bytes.subarray(NONCE_BYTES), aad: aadOf(type) })
    return plain && decode(Buffer.from(plain).toString('utf8'))
  }

  function nonceOf(plain: Uint8Array, aad: Uint8Array): Buffer {
    const hmac = createHmac('sha256', nonceKey)
    hmac.update(aad).update(plain)
    return hmac.digest().subarray(0, NONCE_BYTES)
  }

  function aadOf(type: string): Buffer {
    return Buffer.from(jcs([type, agent, session]), 'utf8')
  }
}

/** `s` or `n` for string or number, the classes with commas between them, a line end, the value. Short: models have to copy it. */
function encode({ value, classes, isNumber }: SealedValue): Buffer | undefined {
  if (!value.isWellFormed() || classes.some((each) => /[^a-z0-9_.-]/i.test(each))) return undefined
  return Buffer.from(`${isNumber ? 'n' : 's'}${classes.join(',')}\n${value}`, 'utf8')
}

function decode(text: string): SealedValue {
  const line = text.indexOf('\n')
  return { value: text.slice(line + 1), classes: text.slice(1, line).split(','), isNumber: text.startsWith('n') }
}
