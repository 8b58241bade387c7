import { type IncomingMessage, request } from 'node:http'
import { GatewayError } from '@sallyport/core'
import { z } from 'zod'
import type { ControlAnswer, ControlRequest, FirstOwner } from './request.ts'
import type { SignIn, WebRequest } from './web-request.ts'

/** Largest answer read: an audit tail of 1,000 entries of 64 KiB. */
const ANSWER_BYTES_MAX = 80 * 1_048_576
const CALL_MS_MAX = 120_000

const Answer = z.union([
  z.object({ ok: z.literal(true), output: z.json() }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
])

/**
 * Calls a running gateway's control plane over its socket. `undefined` when none listens there.
 * @throws GatewayError `STORE_UNAVAILABLE` when it breaks off.
 */
export async function callControl(
  path: string,
  body: ControlRequest | FirstOwner | WebRequest | SignIn,
): Promise<ControlAnswer | undefined> {
  const text = JSON.stringify(body)
  try {
    return Answer.parse(JSON.parse(await post(path, text)))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    throw new GatewayError('STORE_UNAVAILABLE', 'the running gateway did not answer on its control socket', { cause })
  }
}

function post(socketPath: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const sent = request(
      { socketPath, path: '/v1/call', method: 'POST', headers, timeout: CALL_MS_MAX, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX) sent.destroy(new RangeError('the answer is too large'))
          chunks.push(chunk)
        })
        response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
        response.once('error', reject)
      },
    )
    sent.once('timeout', () => sent.destroy(new Error('timed out')))
    sent.once('error', reject)
    sent.end(text)
  })
}

/** A refusal, or entries of the log as they were written, each the text of one JSON object. */
export type Followed = { readonly entries: readonly string[] } | { readonly code: string; readonly message: string }

const Line = z.union([
  z.strictObject({ entries: z.array(z.json()) }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
])
/** Longest line: one step of entries of 64 KiB. */
const LINE_CHARS_MAX = 40 * 1_048_576

/**
 * Follows the log over the control socket; ends when the gateway ends it, or with the signal.
 * @throws GatewayError `STORE_UNAVAILABLE` when no gateway listens there
 */
export async function* followControl(path: string, body: WebRequest, signal: AbortSignal): AsyncGenerator<Followed> {
  const text = JSON.stringify(body)
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ socketPath: path, path: '/v1/follow', method: 'POST', headers, agent: false, signal }, resolve)
    sent.once('error', reject)
    sent.end(text)
  }).catch((cause: unknown) => {
    throw new GatewayError('STORE_UNAVAILABLE', 'the gateway does not run; start it with "sallyport up"', { cause })
  })
  response.setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      rest += chunk
      if (rest.length > LINE_CHARS_MAX) throw new RangeError('a line of the gateway is too long')
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield followed(Line.parse(JSON.parse(line)))
    }
    // A refusal before anything was followed is an answer like any other.
    if (rest !== '') yield followed(Line.parse(JSON.parse(rest)))
  } catch (cause) {
    if (signal.aborted) return
    throw new GatewayError('STORE_UNAVAILABLE', 'the gateway broke off', { cause })
  }
}

function followed(line: z.infer<typeof Line>): Followed {
  return 'entries' in line ? { entries: line.entries.map((entry) => JSON.stringify(entry)) } : line
}
