import { GatewayError, type Json, parseJson } from '@sallyport/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { csrfOf } from './cookies.ts'
import { Flow, type Oidc } from './oidc.ts'
import { routesFor } from './openapi.ts'
import type { RouteDeps } from './route-deps.ts'

interface Begun {
  readonly session: string
  readonly expiresMs: number
}

/** How people come in and go. What proves who they are goes to the gateway as it came; what it gives goes into a cookie. */
export function addSignInRoutes(app: FastifyInstance, deps: RouteDeps, oidc: Oidc): void {
  const { config, cookies, link, nowMs, attempt, requireSession } = deps

  app.get('/api/v1/session', async (request) => describe(requireSession(request, 'read')))
  app.get('/api/v1/sign-in', () => ({ passkey: true, oidc: config.oidc.map(({ id, label }) => ({ id, label })) }))

  app.post('/api/v1/sign-in/passkey/options', async (request) => {
    attempt(request)
    return { options: await link.call({ signIn: { step: 'passkey.options' } }) }
  })
  app.post('/api/v1/sign-in/passkey', async (request, reply) => {
    attempt(request)
    return begin(reply, await link.call({ signIn: { step: 'passkey', response: member(request.body, 'response') as never } }))
  })
  app.post('/api/v1/sign-in/link', async (request, reply) => {
    attempt(request)
    return begin(reply, await link.call({ signIn: { step: 'link', token: member(request.body, 'token') as string } }))
  })

  app.post('/api/v1/passkeys/options', (request) =>
    link.call({ verb: 'passkey.prepare', input: {}, session: requireSession(request, 'change') }),
  )
  app.post('/api/v1/passkeys', async (request, reply) => {
    const session = requireSession(request, 'change')
    const made = (await link.call({ verb: 'passkey.add', input: request.body as Json, session, ...deps.confirmOf(request) })) as {
      session?: string
    }
    if (made.session === undefined) return describe(session)
    reply.header('set-cookie', cookies.setSession(made.session, config.sessionMs))
    return describe(made.session)
  })
  app.post('/api/v1/confirm/options', (request) =>
    link.call({ verb: 'passkey.confirm', input: request.body as Json, session: requireSession(request, 'change') }),
  )
  app.post('/api/v1/sign-out', async (request, reply) => {
    const session = requireSession(request, 'change')
    const everywhere = member(request.body, 'everywhere') === true
    const ended = await link.call({ verb: 'sign-out', input: { everywhere }, session })
    reply.header('set-cookie', cookies.clearSession).header('clear-site-data', '"cache", "storage"')
    return ended
  })

  app.get<{ Params: { id: string } }>('/api/v1/sign-in/oidc/:id', async (request, reply) => {
    attempt(request)
    const { id } = request.params
    const { nonce } = (await link.call({ signIn: { step: 'oidc.begin', provider: id } })) as { nonce: string }
    const { url, flow } = await oidc.begin(id, nonce)
    // A session here means that a one-time link wants the account connected; it does not come back by itself, being strict.
    const session = cookies.session(request.headers.cookie)
    const kept: Flow = { ...flow, ...(session !== undefined && { session }) }
    reply.header('set-cookie', cookies.setFlow(Buffer.from(JSON.stringify(kept)).toString('base64url')))
    return reply.redirect(url, 303)
  })
  app.get('/api/v1/sign-in/oidc/callback', async (request, reply) => {
    attempt(request)
    reply.header('set-cookie', cookies.clearFlow)
    const { session, ...flow } = flowOf(request)
    const idToken = await oidc.finish(flow, new URL(request.url, deps.origin))
    const { provider, nonce } = flow
    const isLink = session !== undefined && (await isOfLink(session))
    const answer = await link.call({ signIn: { step: 'oidc', provider, nonce, idToken, ...(isLink && { session }) } })
    keep(reply, answer)
    return reply.redirect('/', 303)
  })

  function begin(reply: FastifyReply, answer: Json): Promise<Json> {
    return describe(keep(reply, answer))
  }

  function keep(reply: FastifyReply, answer: Json): string {
    const { session, expiresMs } = answer as unknown as Begun
    reply.header('set-cookie', cookies.setSession(session, expiresMs - nowMs()))
    return session
  }

  async function describe(session: string): Promise<Json> {
    const me = (await link.call({ verb: 'me', input: {}, session })) as Record<string, Json> & { readonly roles: string[] }
    return { ...me, may: routesFor(me.roles), csrf: csrfOf(session) }
  }

  async function isOfLink(session: string): Promise<boolean> {
    const me = await link.call({ verb: 'me', input: {}, session }).catch(() => ({}))
    return typeof me === 'object' && me !== null && 'method' in me && me.method === 'link'
  }

  function flowOf(request: FastifyRequest): Flow {
    const kept = cookies.flow(request.headers.cookie)
    const flow = kept === undefined ? undefined : Flow.safeParse(parseJson(Buffer.from(kept, 'base64url').toString('utf8')))
    if (flow?.success) return flow.data
    throw new GatewayError('IDENTITY_INVALID', 'this sign-in was not begun in this browser; start again')
  }
}

function member(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? (body as Record<string, unknown>)[name]
    : undefined
}
