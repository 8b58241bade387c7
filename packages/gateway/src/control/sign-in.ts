import { GatewayError, type Json } from '@sallyport/core'
import type { JWTVerifyGetKey } from 'jose'
import type { z } from 'zod'
import { boundedCache } from '../bounded-cache.ts'
import { consoleOrigin, type ConsoleConfig, type OidcProvider } from '../config-console.ts'
import { requireCurrent, verifyIssuerToken } from '../identity/issuer-token.ts'
import { openKeySource } from '../identity/key-source.ts'
import { challengeOf, checkAssertion } from '../passkey-assertion.ts'
import { identityKey, type WebSessionRecord } from '../sign-in-records.ts'
import { openChallenges, type Challenges } from '../sign-in/challenges.ts'
import { assertionOptions } from '../sign-in/passkeys.ts'
import { hashToken } from '../sign-in/tokens.ts'
import { beginSession, endSession, findSession } from '../sign-in/web-sessions.ts'
import type { UserRecord } from '../state-records.ts'
import type { Change } from '../state.ts'
import type { ControlActor, ControlDeps, Plan } from './define-verb.ts'
import type { SignIn } from './web-request.ts'

export type Step = z.output<typeof SignIn>['signIn']
type StepOf<S extends Step['step']> = Extract<Step, { step: S }>

/** What a step of a sign-in does. `who` is there once it is proven who came. */
export interface Entered extends Plan<Json> {
  readonly who?: ControlActor
}

/** Takes one step of a sign-in; checks everything and changes nothing. Throws GatewayError what the browser is told. */
export type SignInSteps = (step: Step) => Promise<Entered>

/** Providers whose keys are remembered: those of the configuration, and of some before it. */
const PROVIDERS_MAX = 20

export function openSignIn(deps: ControlDeps): SignInSteps {
  const keys = boundedCache<JWTVerifyGetKey>(PROVIDERS_MAX)
  const keysOf = ({ jwksUrl }: OidcProvider): JWTVerifyGetKey => {
    const { fetchJwks, nowMs } = deps
    if (!fetchJwks) throw new GatewayError('KEYS_UNAVAILABLE', 'the keys of the provider cannot be fetched here')
    const found = keys.get(jwksUrl) ?? openKeySource({ jwksUrl }, { fetchJwks, nowMs })
    keys.set(jwksUrl, found)
    return found
  }
  return async (step) => {
    const config = requireConsole(deps)
    const challenges = challengesOf(deps)
    switch (step.step) {
      case 'passkey.options':
        return { output: assertionOptions(consoleOrigin(config), challenges.issue('sign-in')) }
      case 'passkey':
        return withPasskey(deps, config, step)
      case 'link':
        return withLink(deps, config, step)
      case 'oidc.begin':
        return { output: { nonce: challenges.issue(`oidc/${requireProvider(config, step.provider).id}`) } }
      case 'oidc': {
        const provider = requireProvider(config, step.provider)
        const taken = challenges.take(step.nonce, `oidc/${provider.id}`)
        const subject = await subjectOf(provider, step, { keys: keysOf(provider), nowMs: deps.nowMs })
        return withAccount(deps, config, {
          issuer: provider.issuer,
          subject,
          taken,
          ...(step.session && { session: step.session }),
        })
      }
    }
  }
}

export function challengesOf({
  home,
  nowMs,
  randomBytes,
  state,
}: Pick<ControlDeps, 'home' | 'nowMs' | 'randomBytes' | 'state'>): Challenges {
  return openChallenges({ key: home.deriveKey('sign-in'), nowMs, randomBytes, isSpent: (id) => state.isSpent(id) })
}

/** @throws GatewayError `CONFLICT` where the configuration has no console */
export function requireConsole({ console: config }: Pick<ControlDeps, 'console'>): ConsoleConfig {
  const found = config?.()
  if (found) return found
  throw new GatewayError('CONFLICT', 'the configuration has no console; add "console: {}" to sallyport.yaml')
}

/** The passkey of a person, where it holds: what it says to its challenge is checked by `checkAssertion`. */
function withPasskey(deps: ControlDeps, config: ConsoleConfig, { response }: StepOf<'passkey'>): Entered {
  const { state } = deps
  const challenge = challengeOf(response)
  const taken = challengesOf(deps).take(challenge, 'sign-in')
  const passkey = state.passkey(response.credential)
  const user = passkey && state.user(passkey.user)
  if (!passkey || passkey.revokedMs !== undefined || !user || user.disabledMs !== undefined)
    throw new GatewayError('IDENTITY_INVALID', 'this passkey is not known here')
  const { publicKey } = passkey
  const counter = checkAssertion(response, { challenge, publicKey, counter: passkey.counter, ...consoleOrigin(config) })
  const counted: Change[] = counter === passkey.counter ? [] : [{ op: 'put', kind: 'passkey', value: { ...passkey, counter } }]
  return begun(deps, config, { user, method: 'passkey', changes: [taken, ...counted] })
}

function withLink(deps: ControlDeps, config: ConsoleConfig, { token }: StepOf<'link'>): Entered {
  const hash = hashToken(token)
  const enrolment = deps.state.enrolment(hash)
  const user = enrolment && deps.state.user(enrolment.user)
  if (!enrolment || !user || user.disabledMs !== undefined || deps.nowMs() >= enrolment.expiresMs)
    throw new GatewayError('IDENTITY_INVALID', 'this link was used, or is too old; ask for another')
  return begun(deps, config, { user, method: 'link', changes: [{ op: 'delete', kind: 'enrolment', key: hash }] })
}

/** An account at a provider that was proven. With a session of a link, it becomes that person's. */
function withAccount(
  deps: ControlDeps,
  config: ConsoleConfig,
  { issuer, subject, taken, session: token }: { issuer: string; subject: string; taken: Change; session?: string },
): Entered {
  const { state } = deps
  const known = state.identity(issuer, subject)
  if (token === undefined) {
    const user = known && state.user(known.user)
    if (!user || user.disabledMs !== undefined)
      throw new GatewayError('IDENTITY_INVALID', 'nobody here has this account; an owner makes a link that lets you connect it')
    return begun(deps, config, { user, method: 'oidc', changes: [taken] })
  }
  const { user, session } = findSession(deps, config, token)
  if (session.method !== 'link') throw new GatewayError('IDENTITY_FORBIDDEN', 'an account is connected with a one-time link')
  if (known) throw new GatewayError('CONFLICT', 'this account belongs to somebody already')
  const value = { issuer, subject, user: user.id, createdMs: deps.nowMs() }
  const changes: Change[] = [taken, endSession(session.hash), { op: 'insert', kind: 'identity', value }]
  const entered = begun(deps, config, { user, method: 'oidc', changes })
  return { ...entered, detail: { ...entered.detail, connected: identityKey(value).slice(0, 300) } }
}

const SKEW_MS = 60_000

/** Who a provider says it is, where its token was made for this sign-in (OpenID Connect Core §3.1.3.7). */
async function subjectOf(
  { issuer, clientId: audience, algorithms }: OidcProvider,
  { idToken, nonce }: StepOf<'oidc'>,
  { keys, nowMs }: { readonly keys: JWTVerifyGetKey; readonly nowMs: () => number },
): Promise<string> {
  const token = await verifyIssuerToken(idToken, { issuer, audience, algorithms }, keys)
  requireCurrent(token, { clockSkewMs: SKEW_MS }, nowMs())
  const { nonce: said, azp, sub: subject = '' } = token.payload
  if (said !== nonce || (azp !== undefined && azp !== audience))
    throw new GatewayError('IDENTITY_INVALID', 'the token of the provider was not made for this sign-in')
  if (subject.length === 0 || subject.length > 255) throw new GatewayError('IDENTITY_INVALID', 'the token names nobody')
  return subject
}

function begun(
  deps: ControlDeps,
  config: ConsoleConfig,
  { user, method, changes }: { user: UserRecord; method: WebSessionRecord['method']; changes: readonly Change[] },
): Entered {
  const { token, session, changes: made } = beginSession(deps, config, { user: user.id, method })
  return {
    who: { user, method },
    output: { session: token, user: user.id, method, expiresMs: session.expiresMs },
    changes: [...changes, ...made],
    detail: { method, session: session.hash.slice(0, 12) },
  }
}

function requireProvider(config: ConsoleConfig, id: string): OidcProvider {
  const found = config.oidc.find((one) => one.id === id)
  if (found) return found
  throw new GatewayError('NOT_FOUND', 'no such provider')
}
