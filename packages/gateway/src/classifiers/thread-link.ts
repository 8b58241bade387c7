import { Worker } from 'node:worker_threads'
import { type ErrorCode, GatewayError } from '@sallyport/core'
import type { Head } from './scoring.ts'
import type { WorkerLink } from './worker-pool.ts'

/** What a classifier's thread is asked. */
export interface ScoreJob {
  readonly text: string
  readonly head: Head
}

/** What it says: once that it is ready or why it cannot be, then one answer for each job. */
export type ThreadReply =
  | { readonly ready: true }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string } }
  | { readonly score: number }
  | { readonly failed: string }

/** Heap of a thread's JavaScript. The weights are outside it, in the runtime's own memory. */
const HEAP_MIB_MAX = 256

/** A thread that gets the job and nothing else: no environment, no arguments, no standard input. */
export function startThread(entry: URL, spec: unknown): WorkerLink<ScoreJob, number> {
  const worker = new Worker(entry, {
    workerData: spec,
    env: {},
    argv: [],
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
  })
  let gone = false
  let waiting: { resolve: (score: number) => void; reject: (error: Error) => void } | undefined
  let settleReady: { resolve: () => void; reject: (error: Error) => void } | undefined
  const ready = new Promise<void>((resolve, reject) => {
    settleReady = { resolve, reject }
  })
  // Nobody may be waiting for it when it is stopped while it starts.
  ready.catch(() => undefined)
  const end = (cause: unknown): void => {
    gone = true
    const error = new GatewayError('CLASSIFIER_UNAVAILABLE', 'a thread of the classifier has ended', { cause })
    settleReady?.reject(error)
    waiting?.reject(error)
    waiting = undefined
  }
  worker.on('error', end)
  worker.on('exit', end)
  worker.on('message', (reply: ThreadReply) => {
    if ('ready' in reply) {
      // From here on the process may end without it; an open call keeps it alive by its own timer.
      worker.unref()
      return settleReady?.resolve()
    }
    if ('refused' in reply) return settleReady?.reject(new GatewayError(reply.refused.code, reply.refused.message))
    const asked = waiting
    waiting = undefined
    if ('score' in reply) asked?.resolve(reply.score)
    else asked?.reject(new Error(reply.failed))
  })
  return {
    ready,
    call: (job) =>
      new Promise((resolve, reject) => {
        if (gone) return reject(new GatewayError('CLASSIFIER_UNAVAILABLE', 'a thread of the classifier has ended'))
        waiting = { resolve, reject }
        worker.postMessage(job)
      }),
    isGone: () => gone,
    stop: async () => {
      gone = true
      await worker.terminate()
    },
  }
}
