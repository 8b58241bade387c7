import { Worker } from 'node:worker_threads'
import type { ContentProblem, ContentText } from '@sallyport/core'
// Not from `read-content.ts`: what parses files is loaded in the thread alone.
import { unread } from './collect-text.ts'
import { CONTENT_LIMITS, type ContentLimits } from './limits.ts'

/** Most pieces of content that wait, and bytes of them together. */
const WAITING_MAX = 64
const WAITING_BYTES_MAX = 64 * 1_048_576
/** How often the memory of a thread at work is looked at. */
const WATCH_MS = 50
/** Longest that a thread takes to start. */
const START_MS = 30_000

export interface ExtractOptions {
  /** The media type that it is said to be; empty when nothing was said. */
  readonly declaredType?: string
  readonly limits?: Partial<ContentLimits>
}

export interface ExtractorOptions {
  /** How many pieces of content are read at a time. Threads are started when they are needed. */
  readonly threads?: number
  /** Longest that one piece of content is read; the thread is ended then. */
  readonly readMs?: number
  /** Longest that one waits for a thread. */
  readonly waitMs?: number
  /** Memory of a thread, in mebibytes: for objects, and for bytes. */
  readonly heapMib?: number
  readonly bytesMib?: number
}

/** Reads the text of documents in threads of its own. */
export interface ContentExtractor {
  /**
   * The text in some content, seen and unseen. Never throws and always answers: what cannot be read, takes too long, needs too
   * much memory or comes when too much waits is content with a problem and `isWhole: false`. The bytes are copied.
   */
  extract(bytes: Uint8Array, options?: ExtractOptions): Promise<ContentText>
  /** Ends the threads; what is being read or waits is answered with `closed`. */
  close(): Promise<void>
}

/** What a thread is asked. */
export interface ExtractRequest {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly declared: string
  readonly limits: ContentLimits
}
/** What a thread says: once that it is ready, then one content after another. */
export interface ExtractAnswer {
  readonly content?: ContentText
}

interface Job {
  readonly request: ExtractRequest
  readonly answer: (content: ContentText) => void
  readonly waitTimer: NodeJS.Timeout
}

export function openExtractor(options: ExtractorOptions = {}): ContentExtractor {
  const { threads = 1, readMs = 5_000, waitMs = 10_000, heapMib = 256, bytesMib = 256 } = options
  const waiting = new Set<Job>()
  const idle: ReadingThread[] = []
  const all = new Set<ReadingThread>()
  let isClosed = false

  const turnAway = (job: Job, problem: ContentProblem): void => {
    waiting.delete(job)
    clearTimeout(job.waitTimer)
    job.answer(unread(problem))
  }
  const next = (): void => {
    for (const job of waiting) {
      const thread = idle.pop() ?? (all.size < threads ? start() : undefined)
      if (!thread) return
      waiting.delete(job)
      clearTimeout(job.waitTimer)
      void run(thread, job)
    }
  }
  const start = (): ReadingThread => {
    const thread = startThread({ heapMib, bytesMib })
    all.add(thread)
    return thread
  }
  const run = async (thread: ReadingThread, job: Job): Promise<void> => {
    const answer = await thread.read(job.request, readMs)
    job.answer(typeof answer === 'string' ? unread(isClosed ? 'closed' : answer) : answer)
    // A thread that failed is gone, and one that still holds much of what it read starts anew.
    if (typeof answer === 'string' || (await thread.isTired())) {
      all.delete(thread)
      await thread.end('closed')
    } else idle.push(thread)
    next()
  }
  return {
    extract: (bytes, { declaredType: declared = '', limits: some } = {}) => {
      const limits = { ...CONTENT_LIMITS, ...some }
      const bytesWaiting = [...waiting].reduce((sum, job) => sum + job.request.bytes.length, 0)
      const isFull = waiting.size >= WAITING_MAX || bytesWaiting + bytes.length > WAITING_BYTES_MAX
      if (isClosed) return Promise.resolve(unread('closed'))
      if (bytes.length > limits.inputBytesMax) return Promise.resolve(unread('too_large'))
      if (isFull) return Promise.resolve(unread('busy'))
      return new Promise((answer) => {
        const waitTimer = setTimeout(() => turnAway(job, 'busy'), waitMs)
        const job: Job = { request: { bytes: new Uint8Array(bytes), declared, limits }, answer, waitTimer }
        waiting.add(job)
        next()
      })
    },
    close: async () => {
      isClosed = true
      for (const job of waiting) turnAway(job, 'closed')
      await Promise.all([...all].map((thread) => thread.end('closed')))
    },
  }
}

interface ReadingThread {
  /** @returns the content, or why the thread had to be ended. */
  read(request: ExtractRequest, readMs: number): Promise<ContentText | ContentProblem>
  /** Whether it holds half as many bytes as it may, before it reads anything more. */
  isTired(): Promise<boolean>
  end(problem: ContentProblem): Promise<void>
}

/** One thread with a bound on its memory. It does not keep the process alive. */
function startThread({ heapMib, bytesMib }: { readonly heapMib: number; readonly bytesMib: number }): ReadingThread {
  // The compiler rewrites the extensions of imports, not of URLs.
  const worker = new Worker(
    new URL(import.meta.url.endsWith('.ts') ? './extract-thread.ts' : './extract-thread.js', import.meta.url),
    {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
    },
  )
  worker.unref()
  let settle: ((answer: Settled) => void) | undefined
  let ended: ContentProblem | undefined
  const finish = (answer: Settled): void => {
    settle?.(answer)
    settle = undefined
  }
  const end = async (problem: ContentProblem): Promise<void> => {
    ended ??= problem
    finish(ended)
    await worker.terminate()
  }
  const next = async (ms: number): Promise<Settled> => {
    const timer = setTimeout(() => void end('timed_out'), ms)
    try {
      return ended ?? (await new Promise<Settled>((resolve) => (settle = resolve)))
    } finally {
      clearTimeout(timer)
    }
  }
  /** `undefined` once the thread has ended. */
  const bytesHeld = async (): Promise<number | undefined> => {
    try {
      return (await worker.getHeapStatistics()).external_memory
    } catch {
      return undefined
    }
  }
  /** The bound on a thread's memory does not count buffers, into which everything is unpacked; this does. */
  const watch = async (): Promise<void> => {
    if (((await bytesHeld()) ?? 0) > bytesMib * 1_048_576 && settle) await end('unpack_limit')
  }
  worker.on('message', ({ content }: ExtractAnswer) => finish(content))
  for (const event of ['error', 'messageerror', 'exit']) worker.on(event, () => void end('failed'))
  const ready = next(START_MS)
  return {
    read: async (request, readMs) => {
      await ready
      if (ended) return ended
      const watching = setInterval(() => void watch(), WATCH_MS)
      worker.postMessage(request, [request.bytes.buffer])
      try {
        return (await next(readMs)) ?? 'failed'
      } finally {
        clearInterval(watching)
      }
    },
    isTired: async () => ((await bytesHeld()) ?? Infinity) > (bytesMib / 2) * 1_048_576,
    end,
  }
}

/** An answer, or why there is none; `undefined`: the thread is ready. */
type Settled = ContentText | ContentProblem | undefined
