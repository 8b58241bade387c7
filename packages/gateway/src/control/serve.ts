import { once } from 'node:events'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { GatewayError, isGatewayError, parseJson } from '@sallyport/core'
import type { Control } from './open-control.ts'
import type { ControlAnswer } from './request.ts'

/** Largest request body. */
export const CONTROL_BODY_BYTES_MAX = 1_048_576
const DRAINED_BYTES_MAX = 16 * CONTROL_BODY_BYTES_MAX
const CONNECTIONS_MAX = 64
/** Connections that only listen; the others are for whoever does something. */
export const FOLLOWERS_MAX = 32
const REQUEST_MS_MAX = 10_000

export interface ControlSocket {
  close(): Promise<void>
}

/**
 * Serves the control plane on a unix socket only this account can open. The caller holds the home folder's lock, so a socket
 * that is there already was left by a process that died.
 * @throws GatewayError `STORE_UNAVAILABLE` when the socket cannot be made.
 */
export async function serveControl(control: Control, path: string): Promise<ControlSocket> {
  const followers = new Set<ServerResponse>()
  const server = createServer(
    { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX },
    (request, response) => void answer({ control, followers }, request, response),
  )
  server.maxConnections = CONNECTIONS_MAX
  const isPipe = path.startsWith('\\\\')
  if (!isPipe && existsSync(path)) rmSync(path)
  await listen(server, path)
  if (!isPipe) chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Whether a process listens on the socket. */
export function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

function listen(server: Server, path: string): Promise<void> {
  // The socket is private from its first moment, not only after chmod.
  const mask = process.umask(0o177)
  return new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new GatewayError('STORE_UNAVAILABLE', `the control socket ${path} cannot be made`, { cause })),
    )
    server.listen(path, () => resolve())
  }).finally(() => process.umask(mask))
}

interface Served {
  readonly control: Control
  readonly followers: Set<ServerResponse>
}

async function answer(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let result: ControlAnswer
  try {
    if (request.method === 'POST' && request.url === '/v1/follow') return await follow(served, request, response)
    if (request.method !== 'POST' || request.url !== '/v1/call')
      throw new GatewayError('REQUEST_PATH', 'the control socket takes POST /v1/call and POST /v1/follow')
    result = await served.control.call(parseJson(await readBody(request)))
  } catch (error) {
    const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'a bug; the call had no answer')
    result = { ok: false, code: known.code, message: known.message }
  }
  const text = JSON.stringify(result)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
}

/** One line of JSON for each step of entries, and the refusal as the last one. */
async function follow({ control, followers }: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = parseJson(await readBody(request))
  if (followers.size >= FOLLOWERS_MAX)
    throw new GatewayError('LIMIT_OVERLOADED', 'the log is read live as often as it may be; close a page that does')
  const ended = new AbortController()
  followers.add(response)
  response.once('close', () => {
    followers.delete(response)
    ended.abort()
  })
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const answered = await control.follow(body, {
    signal: ended.signal,
    async write(entries) {
      if (response.write(`${JSON.stringify({ entries })}\n`)) return
      await once(response, 'drain', { signal: ended.signal }).catch(() => undefined)
    },
  })
  response.end(answered.ok ? '' : `${JSON.stringify(answered)}\n`)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= CONTROL_BODY_BYTES_MAX) chunks.push(chunk)
    // A body a little over is read to its end and thrown away, so that the caller gets an answer.
    else if (bytes > DRAINED_BYTES_MAX) break
  }
  if (bytes > CONTROL_BODY_BYTES_MAX) throw new GatewayError('REQUEST_TOO_LARGE', `larger than ${CONTROL_BODY_BYTES_MAX} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}
