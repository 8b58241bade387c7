import { GatewayError } from '@sallyport/core'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type Configuration,
  customFetch,
  discovery,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { z } from 'zod'
import type { OidcProvider } from '../config-console.ts'
import { requestOnce } from '../request-once.ts'

const ANSWER_BYTES_MAX = 1_048_576
const ANSWER_MS = 10_000

/** What a browser brings back: it belongs to one sign-in at one provider. */
export const Flow = z.strictObject({
  provider: z.string().max(64),
  state: z.string().max(100),
  nonce: z.string().max(100),
  verifier: z.string().max(200),
  /** Of a one-time link: the account is to be connected. */
  session: z.string().max(100).optional(),
})
export type Flow = z.infer<typeof Flow>

/** The code flow with PKCE at the providers of the configuration. Who came is for the gateway to judge, by the token itself. */
export interface Oidc {
  /** Where the browser goes, and what it keeps. @throws GatewayError `UPSTREAM_UNAVAILABLE`, `NOT_FOUND` */
  begin(provider: string, nonce: string): Promise<{ readonly url: string; readonly flow: Flow }>
  /** The token for what came back (RFC 6749 §4.1.3, RFC 9207). @throws GatewayError `IDENTITY_INVALID` */
  finish(flow: Flow, current: URL): Promise<string>
}

export function openOidc(providers: readonly OidcProvider[], origin: string): Oidc {
  const known = new Map<string, Promise<Configuration>>()
  return {
    async begin(id, nonce) {
      const provider = find(id)
      const configuration = await configure(provider)
      const verifier = randomPKCECodeVerifier()
      const state = randomState()
      const url = buildAuthorizationUrl(configuration, {
        redirect_uri: `${origin}/api/v1/sign-in/oidc/callback`,
        scope: provider.scope,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      })
      return { url: url.href, flow: { provider: id, state, nonce, verifier } }
    },
    async finish({ provider, state, nonce, verifier }, current) {
      const configuration = await configure(find(provider))
      try {
        const tokens = await authorizationCodeGrant(configuration, current, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        })
        return tokens.id_token ?? ''
      } catch (cause) {
        throw new GatewayError('IDENTITY_INVALID', 'the provider did not confirm this sign-in; start again', { cause })
      }
    },
  }

  function find(id: string): OidcProvider {
    const provider = providers.find((one) => one.id === id)
    if (provider) return provider
    throw new GatewayError('NOT_FOUND', 'no such provider')
  }

  async function configure({ id, issuer, clientId, clientSecret }: OidcProvider): Promise<Configuration> {
    const found = known.get(id)
    if (found) return found
    const insecure = issuer.startsWith('http:') ? [allowInsecureRequests] : []
    const made = discovery(new URL(issuer), clientId, clientSecret, undefined, {
      execute: insecure,
      [customFetch]: fetchGuarded,
    }).catch((cause: unknown) => {
      known.delete(id)
      throw new GatewayError('UPSTREAM_UNAVAILABLE', 'the provider cannot be reached', { cause })
    })
    known.set(id, made)
    return made
  }
}

/** Requests of the library under the egress rules. */
async function fetchGuarded(
  url: string,
  asked: { method: string; headers?: ConstructorParameters<typeof Headers>[0]; body?: unknown },
): Promise<Response> {
  const { status, type, body } = await requestOnce(new URL(url), {
    method: asked.method === 'POST' ? 'POST' : 'GET',
    headers: Object.fromEntries(new Headers(asked.headers)),
    ...(asked.body instanceof URLSearchParams && { body: asked.body.toString() }),
    waitMs: ANSWER_MS,
    bytesMax: ANSWER_BYTES_MAX,
  })
  return new Response(new Uint8Array(body), { status, headers: { 'content-type': type || 'application/json' } })
}
