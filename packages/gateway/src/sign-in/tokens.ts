import { sha256Hex } from '@sallyport/core'
import { z } from 'zod'

const TOKEN_BYTES = 32

/** A token of a browser session or a one-time link: 256 random bits in base64url. */
export const Token = z.base64url().length(43)

export function newToken(randomBytes: (count: number) => Uint8Array): string {
  return Buffer.from(randomBytes(TOKEN_BYTES)).toString('base64url')
}

/** What is stored of a token. */
export function hashToken(token: string): string {
  return sha256Hex(`sallyport/v1/sign-in-token\n${token}`)
}
