import { GatewayError, isGatewayError, type JsonObject } from '@sallyport/core'
import type { Dispatcher, Pool } from 'undici'
import { collect, decodeUtf8 } from '../../collect.ts'
import type { ProviderConfig } from '../../config-providers.ts'
import { openPool } from '../../egress.ts'
import { GATEWAY_VERSION } from '../../gateway-version.ts'
import type { Across, AcrossAnswer, AcrossRequest } from './across/index.ts'
import type { Wire } from './wire.ts'
import { WIRES_OF } from './wires/index.ts'

/** What of an error is read: nothing of it is passed on but where in the request it is. */
const ERROR_BYTES_MAX = 65_536
const RETRY_AFTER_MS_MAX = 60_000

export interface ProviderRequest {
  readonly wire: Wire
  readonly query: string
  readonly body: string
  /** Headers of the caller that its wire wants passed on. */
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** A good answer that has begun, in the wire in which it was asked for. */
export type ProviderAnswer = AcrossAnswer | Pick<Dispatcher.ResponseData, 'headers' | 'body'>

/** The gateway's connection to one provider, with its own credential. Redirects are not followed. */
export interface ProviderLink {
  readonly config: ProviderConfig
  /**
   * Sends one request; resolves when a good answer begins.
   * @throws GatewayError `UPSTREAM_*`; nothing in its message is the provider's.
   */
  send(request: ProviderRequest): Promise<ProviderAnswer>
  /** Takes no new request; those in flight run to their end. */
  retire(): Promise<void>
  close(): Promise<void>
}

export function openProviderLink(config: ProviderConfig): ProviderLink {
  const url = new URL(config.url)
  const pool: Pool = openPool(url, config.allowPrivateNetwork)
  const base = url.pathname.replace(/\/$/, '')
  let across: Promise<Across> | undefined
  return { config, send, retire: () => pool.close(), close: () => pool.destroy() }

  async function send({ wire, query, body, headers, signal }: ProviderRequest): Promise<ProviderAnswer> {
    if (!WIRES_OF[config.kind].includes(wire.id)) {
      // Loaded when it is needed: most gateways never do.
      across ??= import('./across/index.ts').then(({ openAcross }) => openAcross(config, tooLarge))
      const request: Sending = (path, own) => requested(versioned(path), { ...own, headers: azured(own.headers) }, signal)
      const inOwnWords = (error: unknown): GatewayError => translate(error, signal)
      const sending = { wire: wire.id, body, signal, request, translate: inOwnWords }
      return (await across).send(sending).catch((error: unknown) => {
        throw inOwnWords(error)
      })
    }
    const own = { headers: { ...headers, ...credential(wire) }, body }
    return requested(versioned(`${base}${wire.upstreamPath}${query}`), own, signal)
  }

  function versioned(path: string): string {
    return config.apiVersion === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}api-version=${config.apiVersion}`
  }

  /** Azure takes the key of a package in a header of its own. */
  function azured({ authorization = '', ...headers }: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    if (config.kind !== 'azure-openai') return authorization === '' ? headers : { ...headers, authorization }
    return { ...headers, ...(config.credential === undefined ? {} : { 'api-key': config.credential }) }
  }

  function credential({ dialect }: Wire): Readonly<Record<string, string>> {
    if (config.credential === undefined) return {}
    return config.kind === 'azure-openai' ? { 'api-key': config.credential } : dialect.credential(config.credential)
  }

  async function requested(path: string, { headers, body }: Parameters<Sending>[1], signal: AbortSignal): ReturnType<Sending> {
    let response: Dispatcher.ResponseData
    try {
      response = await pool.request({
        method: 'POST',
        path,
        headers: {
          accept: 'application/json, text/event-stream',
          ...headers,
          'content-type': 'application/json',
          'accept-encoding': 'identity',
          'user-agent': `sallyport/${GATEWAY_VERSION}`,
        },
        body,
        headersTimeout: config.timeoutMs,
        bodyTimeout: config.idleMs,
        signal,
      })
    } catch (error) {
      throw translate(error, signal)
    }
    if (response.statusCode === 200) return response
    throw await statusError(response, signal)
  }
}

type Sending = AcrossRequest['request']

/** Reads an answer whole. @throws GatewayError */
export async function readAnswer(
  response: ProviderAnswer,
  {
    bytesMax,
    signal,
    charge,
  }: { readonly bytesMax: number; readonly signal: AbortSignal; readonly charge: (bytes: number) => void },
): Promise<Buffer> {
  let bytes = 0
  try {
    return await collect(response.body, (more) => {
      bytes += more
      if (bytes > bytesMax) throw tooLarge(bytesMax)
      charge(more)
    })
  } catch (error) {
    response.body.destroy()
    throw translate(error, signal)
  }
}

export function tooLarge(bytesMax: number): GatewayError {
  return new GatewayError('UPSTREAM_TOO_LARGE', `the provider sent more than ${bytesMax} bytes`)
}

/** What undici and the system say when nothing was sent. */
const UNSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether it is certain that a failed request used nothing: it never left, or the provider said no to it. */
export function isUnanswered({ cause }: GatewayError): boolean {
  return cause === undefined || (cause instanceof Error && 'code' in cause && UNSENT.has(String(cause.code)))
}

/** Whatever broke, in the gateway's words. */
export function translate(error: unknown, signal: AbortSignal): GatewayError {
  if (isGatewayError(error)) return error
  if (signal.aborted) return new GatewayError('UPSTREAM_CANCELLED', 'the call was cut off', { cause: error })
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/TIMEOUT/.test(code)) return new GatewayError('UPSTREAM_TIMEOUT', 'the provider did not answer in time', { cause: error })
  return new GatewayError('UPSTREAM_UNAVAILABLE', 'the provider cannot be reached, or broke off', { cause: error })
}

async function statusError(response: Dispatcher.ResponseData, signal: AbortSignal): Promise<GatewayError> {
  const { statusCode } = response
  const said = await readAnswer(response, { bytesMax: ERROR_BYTES_MAX, signal, charge: () => {} }).catch(() => Buffer.alloc(0))
  if (signal.aborted) return new GatewayError('UPSTREAM_CANCELLED', 'the call was cut off')
  if (statusCode === 429 || statusCode === 529) {
    const retryAfterMs = retryAfterOf(response)
    return new GatewayError('UPSTREAM_LIMITED', 'the provider takes no more requests now', {
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
  }
  if (statusCode === 401 || statusCode === 403)
    return new GatewayError('UPSTREAM_UNAVAILABLE', 'the provider refused the gateway’s credential')
  if (statusCode >= 500 || statusCode === 408)
    return new GatewayError('UPSTREAM_UNAVAILABLE', `the provider answered with status ${statusCode}`)
  if (statusCode >= 400) return new GatewayError('UPSTREAM_REFUSED', `the provider does not accept the request${whereOf(said)}`)
  return new GatewayError('UPSTREAM_MALFORMED', `the provider answered with status ${statusCode}; no redirect is followed`)
}

function retryAfterOf({ headers }: Dispatcher.ResponseData): number | undefined {
  const seconds = Number(headers['retry-after'])
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1_000, RETRY_AFTER_MS_MAX) : undefined
}

/** The parameter an error is about, where it is named by nothing but a parameter's name. */
function whereOf(said: Buffer): string {
  try {
    const { error } = JSON.parse(decodeUtf8(said) ?? '') as { error?: JsonObject }
    const param = error?.['param']
    return typeof param === 'string' && PARAMETERS.has(param) ? `: ${param}` : ''
  } catch {
    return ''
  }
}

const PARAMETERS: ReadonlySet<string> = new Set(
  'model messages input tools tool_choice temperature top_p max_tokens max_completion_tokens max_output_tokens stop stream n response_format dimensions encoding_format reasoning text'.split(
    ' ',
  ),
)
