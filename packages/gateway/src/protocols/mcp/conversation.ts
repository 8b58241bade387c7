import { randomUUID } from 'node:crypto'
import { GatewayError, type JsonObject } from '@sallyport/core'
import { RpcError } from './wire.ts'

/** Longest time a call waits inside the gateway for its client to come back with an answer. */
export const PARKED_MS_MAX = 10 * 60_000
const PARKED_MAX = 1_000

export type Step =
  | { readonly type: 'asked'; readonly method: string; readonly params: JsonObject }
  | { readonly type: 'done'; readonly result: JsonObject }

/**
 * A call to a handshake-era server on behalf of a client of the stateless revision: the server asks in the middle of a call it
 * keeps open, the client answers in a new request. In between the call waits here.
 */
export interface Conversation {
  /** The next thing the server says: a question or its result. @throws what the call fails with */
  next(): Promise<Step>
  /** Answers the open question; `undefined` declines it. */
  answer(result: JsonObject | undefined): void
  abort(): void
}

/** Starts a call; `run` gets the signal that ends it and the function its server's questions go to. */
export function converse(
  run: (signal: AbortSignal, ask: (method: string, params: JsonObject) => Promise<JsonObject>) => Promise<JsonObject>,
): Conversation {
  const stop = new AbortController()
  let step = deferred<Step>()
  let question: ReturnType<typeof deferred<JsonObject>> | undefined
  const ask = (method: string, params: JsonObject): Promise<JsonObject> => {
    if (question) return Promise.reject(new RpcError(-32_603, 'one question at a time'))
    question = deferred<JsonObject>()
    step.resolve({ type: 'asked', method, params })
    return question.promise
  }
  run(stop.signal, ask).then(
    (result) => step.resolve({ type: 'done', result }),
    (error: unknown) => step.reject(error),
  )
  return {
    next: () => step.promise,
    answer(result) {
      const open = question
      question = undefined
      step = deferred<Step>()
      if (result) open?.resolve(result)
      else open?.reject(new RpcError(-32_603, 'the client declined'))
    },
    abort: () => stop.abort(),
  }
}

/** Calls that wait for an answer. Taking one removes it: a state counts once. */
export interface Parking {
  park(agent: string, conversation: Conversation): string
  /** @throws GatewayError `REQUEST_PARAMS` when it is gone: answered, too late, or from before a restart. */
  take(id: string): Conversation
  /** Ends what an agent has waiting. */
  cut(agent: string): void
  close(): void
}

export function openParking(): Parking {
  const parked = new Map<string, { agent: string; conversation: Conversation; timer: NodeJS.Timeout }>()
  return { park, take, cut: (agent) => drop((owner) => owner === agent), close: () => drop(() => true) }

  function park(agent: string, conversation: Conversation): string {
    if (parked.size >= PARKED_MAX)
      throw new GatewayError('LIMIT_OVERLOADED', 'too many calls wait for input', { retryAfterMs: 60_000 })
    const id = randomUUID()
    const timer = setTimeout(() => end(id), PARKED_MS_MAX)
    timer.unref()
    parked.set(id, { agent, conversation, timer })
    return id
  }

  function take(id: string): Conversation {
    const found = parked.get(id)
    if (!found) throw new GatewayError('REQUEST_PARAMS', 'the call no longer waits for this answer')
    clearTimeout(found.timer)
    parked.delete(id)
    return found.conversation
  }

  function drop(which: (agent: string) => boolean): void {
    for (const [id, { agent }] of parked) if (which(agent)) end(id)
  }

  function end(id: string): void {
    take(id).abort()
  }
}

function deferred<T>(): {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
} {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  // Whoever waits is told; nobody waiting is not a bug here.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
