import { GatewayError } from '@sallyport/core'
import type { ConsoleConfig } from '../config-console.ts'
import type { WebSessionRecord } from '../sign-in-records.ts'
import type { UserRecord } from '../state-records.ts'
import type { Change, State } from '../state.ts'
import { hashToken, newToken } from './tokens.ts'

/** A link session is only there to enrol. */
const LINK_SESSION_MS = 10 * 60_000
/** Uses within it are one use, so that reading a page writes nothing. */
const SEEN_STEP_MS = 60_000
const SESSIONS_PER_USER_MAX = 20

interface Deps {
  readonly state: State
  readonly nowMs: () => number
  readonly randomBytes: (count: number) => Uint8Array
}

/** A new sign-in; whoever holds `token` is the person. Takes the place of their oldest where they have too many. */
export function beginSession(
  deps: Deps,
  config: ConsoleConfig,
  { user, method }: Pick<WebSessionRecord, 'user' | 'method'>,
): { readonly token: string; readonly session: WebSessionRecord; readonly changes: Change[] } {
  const token = newToken(deps.randomBytes)
  const nowMs = deps.nowMs()
  const expiresMs = nowMs + (method === 'link' ? LINK_SESSION_MS : config.sessionMs)
  const session: WebSessionRecord = { hash: hashToken(token), user, method, createdMs: nowMs, seenMs: nowMs, expiresMs }
  const all = deps.state.webSessions()
  const over = all.filter((one) => isOver(one, config, nowMs))
  const own = all.filter((one) => one.user === user && !over.includes(one)).sort((a, b) => b.seenMs - a.seenMs)
  const gone = [...over, ...own.slice(SESSIONS_PER_USER_MAX - 1)].map(({ hash }) => endSession(hash))
  return { token, session, changes: [...gone, { op: 'insert', kind: 'webSession', value: session }] }
}

export function endSession(hash: string): Change {
  return { op: 'delete', kind: 'webSession', key: hash }
}

export interface FoundSession {
  readonly user: UserRecord
  readonly session: WebSessionRecord
  /** Present when its last use is to be written. */
  readonly touch?: Change
}

/** Who a token stands for now. @throws GatewayError `IDENTITY_INVALID`, the same for every reason */
export function findSession({ state, nowMs }: Omit<Deps, 'randomBytes'>, config: ConsoleConfig, token: string): FoundSession {
  const session = state.webSession(hashToken(token))
  const user = session && state.user(session.user)
  const now = nowMs()
  if (!session || !user || user.disabledMs !== undefined || isOver(session, config, now))
    throw new GatewayError('IDENTITY_INVALID', 'not signed in, or no longer; sign in again')
  if (now - session.seenMs < SEEN_STEP_MS) return { user, session }
  const seen = { ...session, seenMs: now }
  return { user, session: seen, touch: { op: 'put', kind: 'webSession', value: seen } }
}

function isOver({ expiresMs, seenMs }: WebSessionRecord, { idleMs }: ConsoleConfig, nowMs: number): boolean {
  return nowMs >= expiresMs || nowMs >= seenMs + idleMs
}
