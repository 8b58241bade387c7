import { createHmac, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '@sallyport/core'
import type { Change } from '../state.ts'

/** What a challenge was made for; one never stands in for another. */
export type ChallengeUse = 'sign-in' | `enrol/${string}` | `oidc/${string}`

/** Challenges that carry their own proof: any gateway of the same home knows one, and nobody has to remember it. */
export interface Challenges {
  /** Unpadded base64url of 38 bytes. */
  issue(use: ChallengeUse): string
  /**
   * Takes one that was issued for this use, once: the change fails where it was taken before.
   * @throws GatewayError `IDENTITY_INVALID` when it is expired or was made for something else
   */
  take(challenge: string, use: ChallengeUse): Change
}

const CHALLENGE_MS = 5 * 60_000
const TIME_BYTES = 6
const NONCE_BYTES = 16
const MAC_BYTES = 16

export function openChallenges(deps: {
  readonly key: Uint8Array
  readonly nowMs: () => number
  readonly randomBytes: (count: number) => Uint8Array
  readonly isSpent: (id: string) => boolean
}): Challenges {
  const macOf = (use: string, body: Uint8Array): Buffer =>
    createHmac('sha256', deps.key).update(`${use}\n`).update(body).digest().subarray(0, MAC_BYTES)
  return {
    issue(use) {
      const time = Buffer.alloc(TIME_BYTES)
      time.writeUIntBE(deps.nowMs() + CHALLENGE_MS, 0, TIME_BYTES)
      const body = Buffer.concat([time, deps.randomBytes(NONCE_BYTES)])
      return Buffer.concat([body, macOf(use, body)]).toString('base64url')
    },
    take(challenge, use) {
      const bytes = Buffer.from(challenge, 'base64url')
      const body = bytes.subarray(0, TIME_BYTES + NONCE_BYTES)
      const mac = bytes.subarray(TIME_BYTES + NONCE_BYTES)
      if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, macOf(use, body)))
        throw new GatewayError('IDENTITY_INVALID', 'this was not asked for here')
      const expiresMs = body.readUIntBE(0, TIME_BYTES)
      if (deps.nowMs() >= expiresMs) throw new GatewayError('IDENTITY_INVALID', 'this took too long; start again')
      const nonce = body.subarray(TIME_BYTES).toString('base64url')
      const id = `sign-in/${nonce}`
      if (deps.isSpent(id)) throw new GatewayError('IDENTITY_INVALID', 'this was used before; start again')
      return { op: 'insert', kind: 'spent', value: { id, expiresMs } }
    },
  }
}
