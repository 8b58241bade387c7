import { Readable } from 'node:stream'
import { GatewayError } from '@sallyport/core'
import type { Pool } from 'undici'

/** What the SDK sends. @see smithy HttpRequest */
interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

const ANSWER_MS = 60_000
const RESPONSE_BYTES_MAX = 32 * 1_048_576

/** Sends the SDK's requests through a pool of ours, which checks every address it connects to. Goes to one origin and nowhere else. */
export function poolHandler(pool: Pool, origin: string) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: SdkRequest) {
      const { protocol, hostname, port, method, headers, body } = request
      const asked = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`).origin
      if (asked !== origin) throw new GatewayError('UPSTREAM_UNAVAILABLE', 'the store named another host')
      if (body !== undefined && !(body instanceof Uint8Array) && typeof body !== 'string')
        throw new GatewayError('INTERNAL', 'a body that is no bytes')
      // The pool writes what frames a message itself, and asks nobody for leave to send it.
      const sent = Object.entries(headers).filter(
        ([name]) => !/^(?:expect|connection|transfer-encoding|content-length)$/i.test(name),
      )
      const answer = await pool.request({
        method: method as 'GET',
        path: request.path + queryText(request.query),
        headers: Object.fromEntries(sent),
        body: body === undefined || body.length === 0 ? null : body,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
      })
      const chunks: Buffer[] = []
      let bytes = 0
      for await (const chunk of answer.body) {
        bytes += (chunk as Buffer).length
        if (bytes > RESPONSE_BYTES_MAX) throw new GatewayError('UPSTREAM_TOO_LARGE', 'the store’s answer is too large')
        chunks.push(chunk as Buffer)
      }
      const response = {
        statusCode: answer.statusCode,
        headers: plainHeaders(answer.headers),
        body: Readable.from([Buffer.concat(chunks)]),
      }
      return { response }
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  }
}

function queryText(query: SdkRequest['query']): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    (value === null ? [null] : [value].flat()).map((one) =>
      one === null ? encodeURIComponent(name) : `${encodeURIComponent(name)}=${encodeURIComponent(one as string)}`,
    ),
  )
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().join(', ')]])),
  )
}
