import { GatewayError, isGatewayError } from '@sallyport/core'
import { verifyEd25519 } from '../ed25519.ts'
import type { UserRecord } from '../state-records.ts'
import type { State } from '../state.ts'
import { requestBytes, type ControlRequest } from './request.ts'

/** How far a request's time may be from ours. */
export const CONTROL_SKEW_MS_MAX = 60_000
/** Nonces remembered; one person cannot make this many calls within the skew. */
const NONCES_MAX = 100_000

/**
 * Makes the check of signed requests: the user's signature first, then the time, then that it was not sent before. Before the
 * signature holds, nothing about users or verbs is told. The function it returns throws GatewayError `IDENTITY_INVALID`.
 */
export function createAuthenticator(deps: {
  readonly state: State
  readonly nowMs: () => number
}): (request: ControlRequest) => Promise<UserRecord> {
  const openedMs = deps.nowMs()
  const nonces = new Map<string, number>()

  return async (request) => {
    await deps.state.refresh()
    const user = deps.state.user(request.user)
    const { signature, ...signed } = request
    if (
      user === undefined ||
      user.disabledMs !== undefined ||
      !verifyEd25519(user.publicKey, requestBytes(signed), Buffer.from(signature, 'base64'))
    ) {
      throw new GatewayError('IDENTITY_INVALID', 'the signature is not that of a known user')
    }
    const nowMs = deps.nowMs()
    // A request from before this process cannot be told from a replay where nonces live in its memory alone.
    if (Math.abs(nowMs - request.atMs) > CONTROL_SKEW_MS_MAX || request.atMs < openedMs - 1_000) {
      throw new GatewayError('IDENTITY_INVALID', 'the request is too old or from the future; check the clock')
    }
    const nonce = `${request.user}/${request.nonce}`
    use(nonce, nowMs)
    if (deps.state.isShared) await useEverywhere(nonce, nowMs)
    return user
  }

  /** What was sent to one gateway cannot be sent to another. */
  async function useEverywhere(nonce: string, nowMs: number): Promise<void> {
    await deps.state.prune(nowMs)
    const value = { id: `control/${nonce}`, expiresMs: nowMs + 2 * CONTROL_SKEW_MS_MAX }
    try {
      await deps.state.transact([{ op: 'insert', kind: 'spent', value }])
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'CONFLICT') throw error
      throw new GatewayError('IDENTITY_INVALID', 'the request was sent before')
    }
  }

  function use(nonce: string, nowMs: number): void {
    for (const [old, atMs] of nonces) {
      if (nowMs - atMs <= 2 * CONTROL_SKEW_MS_MAX) break
      nonces.delete(old)
    }
    if (nonces.has(nonce)) throw new GatewayError('IDENTITY_INVALID', 'the request was sent before')
    if (nonces.size >= NONCES_MAX)
      throw new GatewayError('LIMIT_OVERLOADED', 'too many requests', { retryAfterMs: CONTROL_SKEW_MS_MAX })
    nonces.set(nonce, nowMs)
  }
}
