import type { VERBS, VerbName } from '@sallyport/gateway'
import { startAuthentication, startRegistration } from '@simplewebauthn/browser'
import type { z } from 'zod'

type Verbs = typeof VERBS
export type Input<V extends VerbName> = z.input<Verbs[V]['input']>
export type Output<V extends VerbName> = z.output<Verbs[V]['output']>
export type { VerbName }

/** Who is signed in, as `GET /session` says it. */
export interface Session extends Output<'me'> {
  readonly csrf: string
  /** Verbs that their roles may call. */
  readonly may: readonly string[]
}

/** A refusal: what, why, and by its code what to do. */
export class Problem extends Error {
  readonly code: string
  readonly status: number
  constructor({ code, status, detail }: { code: string; status: number; detail: string }) {
    super(detail)
    this.name = 'Problem'
    this.code = code
    this.status = status
  }
}

let csrf = ''

async function send<T>(
  method: 'GET' | 'POST',
  path: string,
  { body, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
): Promise<T> {
  let response: Response
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: { ...headers, ...(method === 'POST' && { 'content-type': 'application/json', 'sallyport-csrf': csrf }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  } catch {
    throw new Problem({ code: 'STORE_UNAVAILABLE', status: 0, detail: 'the console does not answer; is it running?' })
  }
  const answer = (await response.json().catch(() => ({ code: 'INTERNAL', detail: 'the answer cannot be read' }))) as T & {
    code?: string
    detail?: string
  }
  if (response.ok) return answer
  throw new Problem({ code: answer.code ?? 'INTERNAL', status: response.status, detail: answer.detail ?? '' })
}

function remember(session: Session): Session {
  csrf = session.csrf
  return session
}

/** Calls a verb. What wants to be confirmed asks for the passkey, over exactly this request, and is sent again. */
export async function call<V extends VerbName>(
  verb: V,
  input: Input<V>,
  { background = false }: { background?: boolean } = {},
): Promise<Output<V>> {
  const path = `/${verb.replaceAll('.', '/')}`
  const headers: Record<string, string> = background ? { 'sallyport-background': '1' } : {}
  try {
    return await send<Output<V>>('POST', path, { body: input as object, headers })
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'IDENTITY_CONFIRM') throw error
    return send<Output<V>>('POST', path, {
      body: input as object,
      headers: { ...headers, 'sallyport-confirm': await confirm(verb, input as object) },
    })
  }
}

type RequestOptions = Parameters<typeof startAuthentication>[0]['optionsJSON']
type CreationOptions = Parameters<typeof startRegistration>[0]['optionsJSON']

async function confirm(verb: string, input: object): Promise<string> {
  const asked = await send<{ confirm: object; options: RequestOptions }>('POST', '/confirm/options', { body: { verb, input } })
  const response = await withPasskey(() => startAuthentication({ optionsJSON: asked.options }))
  const bytes = new TextEncoder().encode(JSON.stringify({ ...asked.confirm, response }))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** What the browser says when somebody turns away is no bug. */
async function withPasskey<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch {
    throw new Problem({ code: 'IDENTITY_CONFIRM', status: 403, detail: 'the passkey was not used; nothing happened' })
  }
}

export const people = {
  session: async (): Promise<Session> => remember(await send<Session>('GET', '/session')),
  ways: () => send<{ passkey: boolean; oidc: { id: string; label: string }[] }>('GET', '/sign-in'),
  async signIn(): Promise<Session> {
    const { options } = await send<{ options: RequestOptions }>('POST', '/sign-in/passkey/options', { body: {} })
    const response = await withPasskey(() => startAuthentication({ optionsJSON: options }))
    return remember(await send<Session>('POST', '/sign-in/passkey', { body: { response } }))
  },
  async withLink(token: string): Promise<Session> {
    return remember(await send<Session>('POST', '/sign-in/link', { body: { token } }))
  },
  async addPasskey(label: string): Promise<Session> {
    const { options } = await send<{ options: CreationOptions }>('POST', '/passkeys/options', { body: {} })
    const response = await withPasskey(() => startRegistration({ optionsJSON: options }))
    const input = { label, response }
    try {
      return remember(await send<Session>('POST', '/passkeys', { body: input }))
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'IDENTITY_CONFIRM') throw error
      const headers = { 'sallyport-confirm': await confirm('passkey.add', input) }
      return remember(await send<Session>('POST', '/passkeys', { body: input, headers }))
    }
  },
  async signOut(): Promise<void> {
    await send('POST', '/sign-out', { body: {} })
    csrf = ''
  },
}
