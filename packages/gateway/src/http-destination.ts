import { readFileSync } from 'node:fs'
import { GatewayError, isGatewayError } from '@sallyport/core'
import { collect } from './collect.ts'
import { openPool } from './egress.ts'

const ANSWER_BYTES_MAX = 65_536
const WAIT_MS_MAX = 15_000

/** What was refused for good: sending it again changes nothing. */
const REJECTED = new Set([400, 413, 415, 422])

export interface HttpDestination {
  /**
   * Posts to a path below the URL; resolves with the answer’s text when the status is 2xx.
   * @throws GatewayError `SINK_REJECTED`, `SINK_UNAVAILABLE`
   */
  post(message: HttpMessage, signal: AbortSignal): Promise<string>
  close(): Promise<void>
}

export interface HttpMessage {
  /** Added to the path of the URL. */
  readonly path?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether an answer means that the message will never be taken; by its status alone unless set. */
  readonly isRefused?: (status: number, answer: string) => boolean
}

/** Posts to one origin under the egress rules: checked address, no redirect, bounded answer, nothing of it in an error. */
export function openHttpDestination(config: {
  readonly url: string
  readonly allowPrivateNetwork: boolean
  readonly caFile?: string | undefined
}): HttpDestination {
  const base = new URL(config.url)
  const pool = openPool(base, config.allowPrivateNetwork, { ca: readCa(config.caFile) })
  return {
    close: () => pool.destroy(),
    async post({ path = '', headers, body, isRefused = isRejected }, signal) {
      try {
        const response = await pool.request({
          method: 'POST',
          path: `${base.pathname.replace(/\/$/, '')}${path}${base.search}` || '/',
          headers,
          body,
          headersTimeout: WAIT_MS_MAX,
          bodyTimeout: WAIT_MS_MAX,
          signal,
        })
        let bytes = 0
        const answer = await collect(response.body, (more) => {
          bytes += more
          if (bytes > ANSWER_BYTES_MAX) throw new GatewayError('SINK_UNAVAILABLE', 'the answer of the destination is too large')
        })
        return accepted(response.statusCode, answer.toString('utf8'), isRefused)
      } catch (error) {
        throw isGatewayError(error) ? error : unavailable(error)
      }
    },
  }
}

function accepted(status: number, answer: string, isRefused: (status: number, answer: string) => boolean): string {
  if (status >= 200 && status < 300) return answer
  if (isRefused(status, answer)) throw new GatewayError('SINK_REJECTED', `the destination refused the events with status ${status}`)
  const why = status >= 300 && status < 400 ? 'redirects, which is not followed' : `answered with status ${status}`
  throw new GatewayError('SINK_UNAVAILABLE', `the destination ${why}`)
}

function isRejected(status: number): boolean {
  return REJECTED.has(status)
}

/** Certificates to trust, from a file of the configuration. @throws GatewayError `CONFIG_INVALID` */
export function readCa(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${file}: cannot be read`, { cause })
  }
}

/** R234: a certificate that does not verify stops delivery, and the operator reads why. */
export function unavailable(cause: unknown): GatewayError {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const isTls = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_/.test(code)
  const words = isTls ? `the destination’s certificate does not verify (${code})` : 'the destination cannot be reached'
  return new GatewayError('SINK_UNAVAILABLE', words, { cause })
}
