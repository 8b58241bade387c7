import { type ChildProcess, spawn } from 'node:child_process'
import { GatewayError, type JsonObject, isGatewayError } from '@sallyport/core'
import type { StdioServer } from '../../../config.ts'
import { RpcError, rpcError, rpcNotification, rpcRequest, rpcResult } from '../wire.ts'
import type { Link, LinkCall } from './link.ts'
import { type Message, parseMessage } from './message.ts'

/** Diagnostic output kept from a tool server, in bytes; older lines go first. */
const STDERR_BYTES_MAX = 65_536
const STOP_MS = 2_000
/** Requests waiting for one process at once. */
const PENDING_MAX = 1_024
/** Bytes that may wait for a process that does not read its input. */
const UNREAD_BYTES_MAX = 64 * 1_048_576

interface Pending {
  readonly call: LinkCall
  readonly resolve: (result: JsonObject) => void
  readonly reject: (error: Error) => void
}

/** A link to a process the gateway starts from its configuration; nothing in a request reaches its command line. */
export interface StdioLink extends Link {
  readonly stderr: () => string
  /** Settles when the process has ended. */
  readonly ended: Promise<void>
}

export function openStdioLink(config: StdioServer): StdioLink {
  const child = spawn(config.command, config.args, {
    cwd: config.cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...config.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: false,
  })
  const pending = new Map<number, Pending>()
  let nextId = 1
  let stderr = ''
  let dead = false
  const link: StdioLink = {
    call,
    notify,
    onEvent: () => {},
    revision: undefined,
    close,
    stderr: () => stderr,
    ended: new Promise((resolve) => child.once('close', () => resolve())),
  }
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_BYTES_MAX)
  })
  child.stdin.on('error', () => {
    end('the tool server closed its input')
    void close()
  })
  child.on('error', (cause) => end('the tool server could not be started', cause))
  child.on('close', () => end('the tool server ended'))
  readLines(child, config.resultBytesMax, {
    line: (text) => {
      try {
        receive(parseMessage(text), text.length)
      } catch (error) {
        // Servers print stray lines. One that could have been the answer to the only open call is reported to that call.
        if (isGatewayError(error) && text.startsWith('{')) soleCall()?.reject(error)
      }
    },
    tooLong: () => {
      end(
        '',
        new GatewayError('UPSTREAM_TOO_LARGE', `the tool server sent more than ${config.resultBytesMax} bytes in one message`),
      )
      child.kill('SIGKILL')
    },
  })
  return link

  function call(request: LinkCall): Promise<JsonObject> {
    if (dead) return Promise.reject(new GatewayError('UPSTREAM_UNAVAILABLE', 'the tool server is not running'))
    if (pending.size >= PENDING_MAX)
      return Promise.reject(
        new GatewayError('LIMIT_OVERLOADED', 'too many calls wait for this tool server', { retryAfterMs: 1_000 }),
      )
    if (child.stdin.writableLength > UNREAD_BYTES_MAX)
      return Promise.reject(
        new GatewayError('LIMIT_OVERLOADED', 'the tool server does not read its input', { retryAfterMs: 1_000 }),
      )
    if (request.signal.aborted) return Promise.reject(new GatewayError('UPSTREAM_CANCELLED', 'the call was cut off'))
    const id = nextId++
    return new Promise<JsonObject>((resolve, reject) => {
      const cancel = (code: 'UPSTREAM_TIMEOUT' | 'UPSTREAM_CANCELLED', reason: string): void => {
        write(rpcNotification('notifications/cancelled', { requestId: id, reason }))
        settle()
        reject(new GatewayError(code, reason))
      }
      const timer = setTimeout(() => cancel('UPSTREAM_TIMEOUT', 'the tool server did not answer in time'), request.timeoutMs)
      const onAbort = (): void => cancel('UPSTREAM_CANCELLED', 'the call was cut off')
      const settle = (): void => {
        clearTimeout(timer)
        request.signal.removeEventListener('abort', onAbort)
        pending.delete(id)
      }
      request.signal.addEventListener('abort', onAbort, { once: true })
      pending.set(id, {
        call: request,
        resolve: (result) => (settle(), resolve(result)),
        reject: (error) => (settle(), reject(error)),
      })
      write(rpcRequest(id, request.method, withProgressToken(request.params, id)))
    })
  }

  async function notify(method: string, params: JsonObject): Promise<void> {
    write(rpcNotification(method, params))
  }

  function write(message: JsonObject): void {
    if (!dead && child.stdin.writable) child.stdin.write(`${line(message)}\n`)
  }

  function receive(message: Message, bytes: number): void {
    const waiting = 'id' in message && typeof message.id === 'number' ? pending.get(message.id) : undefined
    if (message.type === 'result') return deliver(waiting, message.result, bytes)
    if (message.type === 'error') return waiting?.reject(message.error)
    if (message.type === 'notification') return notified(message.method, message.params)
    void answer(message)
  }

  function deliver(waiting: Pending | undefined, result: JsonObject, bytes: number): void {
    try {
      waiting?.call.charge?.(bytes)
      waiting?.resolve(result)
    } catch (error) {
      waiting?.reject(error instanceof Error ? error : new GatewayError('INTERNAL', 'internal error'))
    }
  }

  function notified(method: string, params: JsonObject): void {
    const token = params['progressToken']
    const owner = typeof token === 'number' ? pending.get(token) : soleCall()
    if (owner && (method === 'notifications/progress' || method === 'notifications/message'))
      owner.call.onNotification?.(method, params)
    else link.onEvent(method, params)
  }

  /** The pipe does not say which call a server's request belongs to; with two in flight it could be either agent's, so it is no. */
  async function answer(message: { id: string | number; method: string; params: JsonObject }): Promise<void> {
    const ask = soleCall()?.call.onRequest
    try {
      if (message.method === 'ping') return write(rpcResult(message.id, {}))
      if (!ask) throw new RpcError(-32_601, 'not available')
      write(rpcResult(message.id, await ask(message.method, message.params)))
    } catch (error) {
      write(rpcError(message.id, error instanceof RpcError ? error : { code: -32_603, message: 'internal error' }))
    }
  }

  function soleCall(): Pending | undefined {
    const calls = [...pending.values()].filter(({ call }) => call.method !== 'subscriptions/listen')
    return calls.length === 1 ? calls[0] : undefined
  }

  function end(reason: string, cause?: unknown): void {
    dead = true
    const error = isGatewayError(cause) ? cause : new GatewayError('UPSTREAM_UNAVAILABLE', reason, { cause })
    for (const waiting of pending.values()) waiting.reject(error)
  }

  async function close(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    child.stdin.end()
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      // What the process started may hold its output open, and would be waited for.
      child.stdout.destroy()
      child.stderr.destroy()
    }, STOP_MS)
    child.kill('SIGTERM')
    await link.ended
    clearTimeout(timer)
  }
}

/** One message as one line for every reader: some, Node's readline among them, also end lines at these, which JSON leaves as they are. */
function line(message: JsonObject): string {
  return JSON.stringify(message).replaceAll(
    /[\u0085\u2028\u2029]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A server may report progress only under a token; ours is the request's id, the caller's is put back on the way out. */
function withProgressToken(params: JsonObject, id: number): JsonObject {
  const meta = params['_meta']
  if (typeof meta !== 'object' || meta === null || !('progressToken' in meta)) return params
  return { ...params, _meta: { ...meta, progressToken: id } }
}

function readLines(child: ChildProcess, bytesMax: number, on: { line(text: string): void; tooLong(): void }): void {
  let buffered: Buffer[] = []
  let bytes = 0
  child.stdout?.on('data', (chunk: Buffer) => {
    let rest = chunk
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      const text = Buffer.concat([...buffered, rest.subarray(0, at)])
        .toString('utf8')
        .trim()
      buffered = []
      bytes = 0
      rest = rest.subarray(at + 1)
      if (text.length > bytesMax) return on.tooLong()
      if (text !== '') on.line(text)
    }
    buffered.push(rest)
    bytes += rest.length
    if (bytes > bytesMax) on.tooLong()
  })
}
