import type { ServerResponse } from 'node:http'

/** The answer to the agent: a status and a body, or a stream that begins when its first bytes may leave. */
export interface Reply {
  readonly isBegun: () => boolean
  /** @param headers Added to those of the answer; only before it begins. */
  set(headers: Readonly<Record<string, string>>): void
  send(status: number, body: Buffer | string): void
  /** Begins a stream where none has begun. */
  write(bytes: Buffer | string): void
  /** Resolves when what was written has left, or nobody listens any more. */
  drained(): Promise<void>
  end(): void
  /** Whether nobody listens any more. */
  readonly isGone: () => boolean
  /** Calls back when nobody listens any more before the answer was whole. @returns How to stop it. */
  onGone(callback: () => void): () => void
  /** Ends it in the middle. */
  destroy(): void
}

export function openReply(response: ServerResponse): Reply {
  let extra: Record<string, string> = {}
  let isFull = false
  return {
    isBegun: () => response.headersSent,
    set(headers) {
      extra = { ...extra, ...headers }
    },
    send(status, body) {
      response.writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
        ...extra,
      })
      response.end(body)
    },
    write(bytes) {
      begin()
      isFull = !response.write(bytes)
    },
    drained() {
      if (!isFull || response.destroyed) return Promise.resolve()
      isFull = false
      return new Promise((resolve) => {
        const done = (): void => {
          response.off('drain', done).off('close', done)
          resolve()
        }
        response.once('drain', done).once('close', done)
      })
    },
    end() {
      begin()
      response.end()
    },
    isGone: () => response.destroyed,
    onGone(callback) {
      const done = (): void => {
        if (!response.writableFinished) callback()
      }
      response.once('close', done)
      return () => void response.off('close', done)
    },
    destroy: () => response.destroy(),
  }

  function begin(): void {
    if (response.headersSent) return
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', ...extra })
  }
}
