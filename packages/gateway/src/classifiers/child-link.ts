import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, GatewayError } from '@sallyport/core'
import type { Head } from './scoring.ts'
import type { WorkerLink } from './worker-pool.ts'

/** What a classifier's process is asked, after the one message that says which model to load. */
export interface ScoreJob {
  readonly text: string
  readonly head: Head
}

/** What it says: once that it is ready or why it cannot be, then one answer for each job. */
export type ChildReply =
  | { readonly ready: true }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string } }
  | { readonly score: number }
  | { readonly failed: string }

/** Heap of its JavaScript. The weights are outside it, in the runtime's own memory. */
const HEAP_MIB_MAX = 256
/** It may read files and load the runtime's library; it may not write, start processes or threads. */
const CONFINED = [
  '--permission',
  '--allow-addons',
  '--allow-fs-read=*',
  '--disable-warning=PERM0001',
  `--max-old-space-size=${HEAP_MIB_MAX}`,
]

interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

/**
 * A process that gets the specification and then jobs, and nothing else: no environment, no arguments, no input. What it writes
 * to standard error, such as the reason of a crash, goes where the gateway's does. It ends with the gateway, and can be killed
 * whatever its native code does; a thread cannot be, without taking the gateway along (design note 0010).
 */
export function startChild(entry: URL, spec: unknown): WorkerLink<ScoreJob, number> {
  // Unbuilt, packages of this repository are found by their sources.
  const conditions = entry.pathname.endsWith('.ts') ? ['--conditions=sallyport-source'] : []
  const child = fork(fileURLToPath(entry), [], {
    env: {},
    execArgv: [...CONFINED, ...conditions],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let gone = false
  let waiting: Waiting<number> | undefined
  let starting: Waiting<void> | undefined
  const ready = new Promise<void>((resolve, reject) => {
    starting = { resolve, reject }
  })
  // Nobody may be waiting for it when it is stopped while it starts.
  ready.catch(() => undefined)
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const end = (cause: unknown): void => {
    gone = true
    const error = new GatewayError('CLASSIFIER_UNAVAILABLE', 'a process of the classifier has ended', { cause })
    starting?.reject(error)
    waiting?.reject(error)
    waiting = undefined
  }
  const send = (message: unknown): void => {
    child.send(message as object, (error) => {
      if (error) end(error)
    })
  }
  child.on('error', end)
  child.on('exit', end)
  child.on('message', (reply: ChildReply) => {
    if ('ready' in reply) {
      // From here on the gateway may end without it; an open call keeps it alive by its own timer.
      child.unref()
      child.channel?.unref()
      return starting?.resolve()
    }
    if ('refused' in reply) return starting?.reject(new GatewayError(reply.refused.code, reply.refused.message))
    const asked = waiting
    waiting = undefined
    if ('score' in reply) asked?.resolve(reply.score)
    else asked?.reject(new Error(reply.failed))
  })
  send({ spec })
  return {
    ready,
    call: (job) =>
      new Promise((resolve, reject) => {
        if (gone) return reject(new GatewayError('CLASSIFIER_UNAVAILABLE', 'a process of the classifier has ended'))
        waiting = { resolve, reject }
        send(job)
      }),
    isGone: () => gone,
    stop: async () => {
      gone = true
      child.ref()
      child.kill('SIGKILL')
      await ended
    },
  }
}
