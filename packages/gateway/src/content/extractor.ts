import { Worker } from 'node:worker_threads'
import type { ContentProblem, ContentText } from '@sallyport/core'
import { CONTENT_LIMITS, type ContentLimits } from './limits.ts'
import { unread } from './read-content.ts'

/** Most pieces of content that wait, and bytes of them together. */
const WAITING_MAX = 64
const WAITING_BYTES_MAX = 64 * 1_048_576
/** How often the memory of a thread at work is looked at. */
const WATCH_MS = 50

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

/** What a thread is asked, and what it answers. */
export interface ExtractRequest {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly declared: string
  readonly limits: ContentLimits
}
export interface ExtractAnswer {
  readonly content: ContentText
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
    // A thread that failed is gone, and the next content gets a new one.
    if (typeof answer === 'string') all.delete(thread)
    else idle.push(thread)
    job.answer(typeof answer === 'string' ? unread(isClosed ? 'closed' : answer) : answer)
    next()
  }
  return {
    extract: (bytes, { declaredType = '', limits } = {}) => {
      const request = { bytes: new Uint8Array(bytes), declared: declaredType, limits: { ...CONTENT_LIMITS, ...limits } }
      const problem = isClosed ? 'closed' : bytes.length > request.limits.inputBytesMax ? 'too_large' : undefined
      const bytesWaiting = [...waiting].reduce((sum, job) => sum + job.request.bytes.length, 0)
      const isFull = waiting.size >= WAITING_MAX || bytesWaiting + bytes.length > WAITING_BYTES_MAX
      if (problem || isFull) return Promise.resolve(unread(problem ?? 'busy'))
      return new Promise((answer) => {
        const job: Job = { request, answer, waitTimer: setTimeout(() => turnAway(job, 'busy'), waitMs) }
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
  let settle: ((answer: ContentText | ContentProblem) => void) | undefined
  let ended: ContentProblem | undefined
  const finish = (answer: ContentText | ContentProblem): void => {
    settle?.(answer)
    settle = undefined
  }
  const end = async (problem: ContentProblem): Promise<void> => {
    ended ??= problem
    finish(ended)
    await worker.terminate()
  }
  worker.on('message', ({ content }: ExtractAnswer) => finish(content))
  for (const event of ['error', 'messageerror', 'exit']) worker.on(event, () => void end('failed'))
  return {
    read: async (request, readMs) => {
      if (ended) return ended
      const timer = setTimeout(() => void end('timed_out'), readMs)
      const watch = setInterval(() => void watchBytes(worker, bytesMib, () => void end('unpack_limit')), WATCH_MS)
      try {
        return await new Promise<ContentText | ContentProblem>((resolve) => {
          settle = resolve
          worker.postMessage(request, [request.bytes.buffer])
        })
      } finally {
        clearTimeout(timer)
        clearInterval(watch)
      }
    },
    end,
  }
}

/** The bound on a thread's memory does not count buffers, into which everything is unpacked; this does. */
async function watchBytes(worker: Worker, bytesMib: number, exceeded: () => void): Promise<void> {
  try {
    const { external_memory: bytes } = await worker.getHeapStatistics()
    if (bytes > bytesMib * 1_048_576) exceeded()
  } catch {
    // The thread has ended, which its own event tells.
  }
}
