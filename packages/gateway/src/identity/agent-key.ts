import { hash } from 'node:crypto'

/** 256 random bits. */
const SECRET_BYTES = 32
const FORMAT = /^sp_[A-Za-z0-9_-]{43}$/

/** A new agent key: `sp_` and 43 base64url characters. Shown once; only its hash is stored. */
export function newAgentKey(randomBytes: (count: number) => Uint8Array): string {
  return `sp_${Buffer.from(randomBytes(SECRET_BYTES)).toString('base64url')}`
}

export function isAgentKey(text: string): boolean {
  return FORMAT.test(text)
}

/** SHA-256, hex: what the store holds. The secret has 256 bits, so a slow hash would add nothing. */
export function hashAgentKey(secret: string): string {
  return hash('sha256', secret, 'hex')
}
