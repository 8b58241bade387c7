import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { GatewayError, type JsonObject, isJsonObject, jcs } from '@sallyport/core'

const STATE_TTL_MS = 10 * 60_000
const STATE_BYTES_MAX = 64 * 1024
/** Uses remembered, so that none counts twice; beyond it the oldest are forgotten only after they expired. */
const USED_MAX = 100_000

/** What a sealed state is bound to: it opens for the same caller and the same act only. */
export interface Binding {
  readonly agent: string
  readonly session: string
  readonly method: string
  readonly name: string
  readonly digest: string
}

export interface Opened {
  /** The server's own state, opaque to the gateway. */
  readonly state: string | undefined
  /** An act waiting inside the gateway for this answer. */
  readonly parked: string | undefined
}

/**
 * Seals the state that a client carries between rounds of one call. The client could change, swap or replay it, so it travels
 * encrypted and authenticated (AES-256-GCM), bound to caller and act, for ten minutes, once.
 */
export interface StateSeal {
  seal(content: Opened, binding: Binding): string
  /** @throws GatewayError `REQUEST_PARAMS` when it is not a state of this act and caller, has expired, or was used before. */
  open(sealed: string, binding: Binding): Opened
}

export function openSeal(key: Uint8Array, nowMs: () => number): StateSeal {
  const used = new Map<string, number>()
  // What was used is remembered in memory; a state from before a restart could have been, so it opens no more.
  const boot = randomUUID()
  return { seal, open }

  function seal(content: Opened, binding: Binding): string {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(aad(binding, boot))
    const text = JSON.stringify({ s: content.state, p: content.parked, x: nowMs() + STATE_TTL_MS })
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    if (sealed.length > STATE_BYTES_MAX)
      throw new GatewayError('UPSTREAM_TOO_LARGE', 'the tool server’s request state is too large')
    return sealed.toString('base64url')
  }

  function open(sealed: string, binding: Binding): Opened {
    const content = decrypt(sealed, binding)
    if (!content || typeof content['x'] !== 'number' || content['x'] < nowMs())
      throw new GatewayError('REQUEST_PARAMS', 'requestState is not valid for this call')
    // The ciphertext without its encoding's slack: two spellings of one state are the same use.
    const id = Buffer.from(sealed, 'base64url').subarray(0, 12).toString('hex')
    if (used.has(id)) throw new GatewayError('REQUEST_PARAMS', 'requestState was used before')
    forget()
    used.set(id, content['x'])
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
    return { state: text(content['s']), parked: text(content['p']) }
  }

  function decrypt(sealed: string, binding: Binding): JsonObject | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < 28 || bytes.length > STATE_BYTES_MAX) return undefined
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
      decipher.setAAD(aad(binding, boot))
      decipher.setAuthTag(bytes.subarray(-16))
      const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8')
      const value: unknown = JSON.parse(text)
      return isJsonObject(value) ? value : undefined
    } catch {
      return undefined
    }
  }

  function forget(): void {
    if (used.size < USED_MAX) return
    for (const [id, expiresMs] of used) if (expiresMs < nowMs()) used.delete(id)
    if (used.size >= USED_MAX) throw new GatewayError('LIMIT_OVERLOADED', 'too many calls wait for input', { retryAfterMs: 60_000 })
  }
}

function aad(binding: Binding, boot: string): Buffer {
  return Buffer.from(jcs({ ...binding, boot }), 'utf8')
}
