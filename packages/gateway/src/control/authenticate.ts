import { GatewayError, isGatewayError } from '@sallyport/core'
import type { z } from 'zod'
import { consoleOrigin } from '../config-console.ts'
import { confirmationChallenge, type Confirmation } from '../confirmation.ts'
import { verifyEd25519 } from '../ed25519.ts'
import { checkAssertion } from '../passkey-assertion.ts'
import { findSession } from '../sign-in/web-sessions.ts'
import type { Change } from '../state.ts'
import { againIfMoved } from './again-if-moved.ts'
import type { ControlActor, ControlDeps } from './define-verb.ts'
import { requestBytes, type ControlRequest } from './request.ts'
import { requireConsole } from './sign-in.ts'
import type { WebRequest } from './web-request.ts'

/** How far a request's time may be from ours. */
export const CONTROL_SKEW_MS_MAX = 60_000
/** A person needs a moment to find their passkey. */
const CONFIRM_MS_MAX = 180_000
/** Nonces remembered; one person cannot make this many calls within the skew. */
const NONCES_MAX = 100_000

/** The two ways a known person asks. Both throw GatewayError `IDENTITY_INVALID`, and tell nothing of users or verbs before. */
export interface Authenticator {
  /** The person's signature first, then the time, then that it was not sent before. */
  signed(request: ControlRequest): Promise<ControlActor>
  /**
   * The browser's session, and the passkey over this request where one came along.
   * @param isUse Whether a person did something: a page that is only open does not keep a session from ending.
   */
  web(request: z.output<typeof WebRequest>, isUse?: boolean): Promise<ControlActor>
}

export function createAuthenticator(deps: Pick<ControlDeps, 'state' | 'nowMs' | 'console'>): Authenticator {
  const openedMs = deps.nowMs()
  const nonces = new Map<string, number>()

  return {
    async signed(request) {
      await deps.state.refresh()
      const user = deps.state.user(request.user)
      const { signature, ...signed } = request
      if (
        user?.publicKey === undefined ||
        user.disabledMs !== undefined ||
        !verifyEd25519(user.publicKey, requestBytes(signed), Buffer.from(signature, 'base64'))
      ) {
        throw new GatewayError('IDENTITY_INVALID', 'the signature is not that of a known user')
      }
      await once(`${request.user}/${request.nonce}`, request.atMs, CONTROL_SKEW_MS_MAX)
      return { user, method: 'ed25519' }
    },

    async web(request, isUse = true) {
      // Where somebody else changed the state, what they changed may be this very sign-in.
      const actor = await againIfMoved(async () => {
        const { actor: found, changes, basis } = await findActor(request, isUse)
        if (changes.length > 0) await deps.state.transact(changes, basis)
        return found
      })
      const { confirmation, user } = actor
      if (confirmation) await once(`${user.id}/${confirmation.nonce}`, confirmation.atMs, CONFIRM_MS_MAX)
      return actor
    },
  }

  async function findActor(
    request: z.output<typeof WebRequest>,
    isUse: boolean,
  ): Promise<{ actor: ControlActor; changes: Change[]; basis: number }> {
    const config = requireConsole(deps)
    await deps.state.refresh()
    const basis = deps.state.revision()
    const { user, session, touch } = findSession(deps, config, request.session)
    const changes = touch && isUse && !request.background ? [touch] : []
    const actor: ControlActor = { user, method: session.method, session }
    if (!request.confirm) return { actor, changes, basis }
    const { atMs, nonce, response: assertion } = request.confirm
    const passkey = deps.state.passkey(assertion.credential)
    if (passkey?.user !== user.id || passkey.revokedMs !== undefined)
      throw new GatewayError('IDENTITY_INVALID', 'this passkey is not yours')
    const { verb, input } = request
    const counter = checkAssertion(assertion, {
      challenge: confirmationChallenge({ verb, input, user: user.id, atMs, nonce }),
      publicKey: passkey.publicKey,
      counter: passkey.counter,
      ...consoleOrigin(config),
    })
    if (counter !== passkey.counter) changes.push({ op: 'put', kind: 'passkey', value: { ...passkey, counter } })
    const confirmation: Confirmation = { atMs, nonce, assertion }
    return { actor: { ...actor, confirmation }, changes, basis }
  }

  /** Takes a request once, and only while it is new. */
  async function once(nonce: string, atMs: number, skewMs: number): Promise<void> {
    const nowMs = deps.nowMs()
    // A request from before this process cannot be told from a replay where nonces live in its memory alone.
    if (Math.abs(nowMs - atMs) > skewMs || atMs < openedMs - 1_000) {
      throw new GatewayError('IDENTITY_INVALID', 'the request is too old or from the future; check the clock')
    }
    use(nonce, nowMs)
    if (deps.state.isShared) await useEverywhere(nonce, nowMs)
  }

  /** What was sent to one gateway cannot be sent to another. */
  async function useEverywhere(nonce: string, nowMs: number): Promise<void> {
    await deps.state.prune(nowMs)
    const value = { id: `control/${nonce}`, expiresMs: nowMs + 2 * CONFIRM_MS_MAX }
    try {
      await deps.state.transact([{ op: 'insert', kind: 'spent', value }])
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'CONFLICT') throw error
      throw new GatewayError('IDENTITY_INVALID', 'the request was sent before')
    }
  }

  function use(nonce: string, nowMs: number): void {
    for (const [old, atMs] of nonces) {
      if (nowMs - atMs <= 2 * CONFIRM_MS_MAX) break
      nonces.delete(old)
    }
    if (nonces.has(nonce)) throw new GatewayError('IDENTITY_INVALID', 'the request was sent before')
    if (nonces.size >= NONCES_MAX)
      throw new GatewayError('LIMIT_OVERLOADED', 'too many requests', { retryAfterMs: CONTROL_SKEW_MS_MAX })
    nonces.set(nonce, nowMs)
  }
}
