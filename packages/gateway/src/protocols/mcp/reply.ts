import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { GatewayError, type JsonObject } from '@sallyport/core'
import { RpcError, rpcNotification, rpcRequest } from './wire.ts'

const KEEP_ALIVE_MS = 15_000
const ASK_MS_MAX = 5 * 60_000
/** Bytes that may wait for a client that reads slowly; what is said beyond that, before the result, it does not get to hear. */
const UNREAD_BYTES_MAX = 1_048_576

/** A question to a client of the handshake era, waiting for the POST that answers it. */
export interface Question {
  readonly owner: string
  readonly resolve: (result: JsonObject) => void
  readonly reject: (error: Error) => void
}

/**
 * One answer on its way to a client. It stays a plain JSON body unless something has to be said before the result; then it
 * becomes an event stream, if the client takes one.
 */
export interface Reply {
  /** Says something before the result; silently dropped when the client takes no stream. */
  notify(method: string, params: JsonObject): void
  /** Asks the client something on the stream (handshake era). @throws RpcError when it cannot or does not answer. */
  ask(method: string, params: JsonObject, signal: AbortSignal): Promise<JsonObject>
  /** Opens the stream now, for answers that are streams. */
  stream(): boolean
  end(message: JsonObject, status?: number): void
}

export interface ReplyOptions {
  readonly response: ServerResponse
  readonly streams: boolean
  /** Who may answer questions: only the same caller. */
  readonly owner: string
  readonly questions: Map<string, Question>
}

export function openReply({ response, streams, owner, questions }: ReplyOptions): Reply {
  let timer: NodeJS.Timeout | undefined
  response.once('close', () => clearInterval(timer))
  return { notify, ask, stream, end }

  function stream(): boolean {
    if (timer) return true
    if (!streams || response.headersSent) return false
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    response.flushHeaders()
    timer = setInterval(() => response.write(': \n\n'), KEEP_ALIVE_MS)
    timer.unref()
    return true
  }

  function event(message: JsonObject): void {
    if (!response.writableEnded) response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
  }

  function notify(method: string, params: JsonObject): void {
    if (stream() && response.writableLength < UNREAD_BYTES_MAX) event(rpcNotification(method, params))
  }

  function ask(method: string, params: JsonObject, signal: AbortSignal): Promise<JsonObject> {
    if (signal.aborted) return Promise.reject(new GatewayError('UPSTREAM_CANCELLED', 'the call was cut off'))
    if (!stream()) return Promise.reject(new RpcError(-32_601, 'the client takes no stream'))
    // Unguessable, so that nobody but the client that was asked can answer.
    const id = randomBytes(16).toString('base64url')
    return new Promise<JsonObject>((resolve, reject) => {
      const timeout = setTimeout(() => settle(() => reject(new RpcError(-32_603, 'the client did not answer in time'))), ASK_MS_MAX)
      const onAbort = (): void => settle(() => reject(new GatewayError('UPSTREAM_CANCELLED', 'the call was cut off')))
      const settle = (finish: () => void): void => {
        clearTimeout(timeout)
        signal.removeEventListener('abort', onAbort)
        questions.delete(id)
        finish()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      questions.set(id, {
        owner,
        resolve: (result) => settle(() => resolve(result)),
        reject: (error) => settle(() => reject(error)),
      })
      event(rpcRequest(id, method, params))
    })
  }

  function end(message: JsonObject, status = 200): void {
    if (response.writableEnded || response.destroyed) return
    if (timer) {
      event(message)
      response.end()
      return
    }
    const text = JSON.stringify(message)
    const bytes = Buffer.byteLength(text)
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes, 'cache-control': 'no-store' })
    // Plain ASCII, which most answers are, goes out with its header in one cheap write.
    response.end(text, bytes === text.length ? 'latin1' : 'utf8')
  }
}
