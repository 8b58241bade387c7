import type { ErrorCode } from '@sallyport/core'
import type { VERBS, VerbName } from '@sallyport/gateway'
import type { z } from 'zod'
import { ControlProblem } from './control-problem.ts'
import { type Fetch, send, type Sent } from './send.ts'

type Verbs = typeof VERBS
export type Input<V extends VerbName> = z.input<Verbs[V]['input']>
export type Output<V extends VerbName> = z.output<Verbs[V]['output']>

export interface ControlOptions {
  /** Address of the console, as people open it: its origin is compared. */
  readonly url: string
  /** The `Cookie` header of a session; in a page of the console the browser sends it. */
  readonly cookie?: string
  /**
   * Asks a person for their passkey over exactly one request; in a browser `startAuthentication` of `@simplewebauthn/browser`.
   * Without it what wants to be confirmed fails with `IDENTITY_CONFIRM`.
   */
  readonly confirm?: (options: object) => Promise<object>
  /** 30 s unless set. */
  readonly timeoutMs?: number
  readonly fetch?: Fetch
}

export interface CallOptions {
  /** The `etag` of what is changed: done only if it is still that (`PRECONDITION_FAILED`). */
  readonly ifMatch?: string
  /** The same key within ten minutes is done once and has the same answer: send it again after `UNREACHABLE`. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** What was read, and by which tag to ask for it again; `output` is absent where it is still what the tag stands for. */
export interface Read<O> {
  readonly etag: string | undefined
  readonly output?: O
}

/** The verbs of the control plane over the console's HTTP API. */
export interface Control {
  /** @throws ControlProblem */
  call<V extends VerbName>(verb: V, input: Input<V>, options?: CallOptions): Promise<Output<V>>
  /**
   * A verb that changes nothing, as GET.
   * @param how.etag Of an earlier answer: an equal one is not sent again.
   * @throws ControlProblem
   */
  read<V extends VerbName>(
    verb: V,
    input: Input<V>,
    how?: { readonly etag?: string; readonly signal?: AbortSignal },
  ): Promise<Read<Output<V>>>
}

const TIMEOUT_MS = 30_000

/** @throws TypeError when `url` is none */
export function openControl({ url, cookie, confirm, timeoutMs = TIMEOUT_MS, fetch = globalThis.fetch }: ControlOptions): Control {
  const { origin } = new URL(url)
  let csrf: Promise<string> | undefined
  return { call, read }

  async function call<V extends VerbName>(verb: V, input: Input<V>, options: CallOptions = {}): Promise<Output<V>> {
    const { ifMatch, idempotencyKey, signal } = options
    const headers = {
      ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    }
    const posted = (more: Record<string, string> = {}): Promise<Sent> =>
      post(pathOf(verb), { body: input as object, headers: { ...headers, ...more }, signal })
    try {
      return (await posted()).json as Output<V>
    } catch (error) {
      if (!confirm || !(error instanceof ControlProblem) || error.code !== 'IDENTITY_CONFIRM') throw error
      const { json } = await post('/confirm/options', { body: { verb, input }, signal })
      const asked = json as { readonly confirm: object; readonly options: object }
      const response = await confirm(asked.options)
      return (await posted({ 'sallyport-confirm': base64Url(JSON.stringify({ ...asked.confirm, response })) })).json as Output<V>
    }
  }

  async function read<V extends VerbName>(
    verb: V,
    input: Input<V>,
    { etag, signal }: { readonly etag?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Read<Output<V>>> {
    const headers = etag === undefined ? {} : { 'if-none-match': etag }
    const query = queryOf(input as object)
    const { status, json, header } = await exchange('GET', `${pathOf(verb)}${query}`, { headers, signal })
    return { etag: header('etag'), ...(status !== 304 && { output: json as Output<V> }) }
  }

  /** What changes something carries the token of its session, which is asked for once. */
  async function post(path: string, { body, headers = {}, signal }: Sending): Promise<Sent> {
    csrf ??= exchange('GET', '/session', {}).then(({ json }) => (json as { readonly csrf: string }).csrf)
    const token = await csrf.catch((error: unknown) => {
      csrf = undefined
      throw error
    })
    return exchange('POST', path, { body, headers: { ...headers, origin, 'sallyport-csrf': token }, signal })
  }

  async function exchange(method: 'GET' | 'POST', path: string, { body, headers = {}, signal }: Partial<Sending>): Promise<Sent> {
    const all = { ...headers, ...(cookie !== undefined && { cookie }) }
    const sent = await send(fetch, `${origin}/api/v1${path}`, {
      method,
      headers: all,
      ...(body && { body }),
      timeoutMs,
      signal,
    }).catch((cause: unknown) => {
      throw new ControlProblem({ code: 'UNREACHABLE', status: 0, detail: 'the control plane does not answer' }, cause)
    })
    if (sent.status === 200 || sent.status === 304) return sent
    const { code = 'INTERNAL', detail = 'the answer cannot be read' } = (sent.json ?? {}) as { code?: ErrorCode; detail?: string }
    throw new ControlProblem({ code, status: sent.status, detail })
  }
}

interface Sending {
  readonly body: object
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal | undefined
}

function pathOf(verb: string): string {
  return `/${verb.replaceAll('.', '/')}`
}

type Value = string | number | boolean | object

/** Lists as repeated parameters, objects as JSON. */
function queryOf(input: object): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input) as [string, Value | readonly Value[] | undefined][]) {
    if (value === undefined) continue
    for (const one of (Array.isArray(value) ? value : [value]) as readonly Value[])
      query.append(name, typeof one === 'object' ? JSON.stringify(one) : String(one))
  }
  return query.size === 0 ? '' : `?${query.toString()}`
}

function base64Url(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
