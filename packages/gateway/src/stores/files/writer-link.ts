import { Worker } from 'node:worker_threads'
import { GatewayError, isGatewayError, type ErrorCode, type TreeHead } from '@sallyport/core/record'
import { diskFolder, type LogFolder } from './log-folder.ts'
import { recover, type Recovered, type RecoverOptions } from './recover.ts'
import type { LogWriter } from './writer.ts'

/** What the log asks of its writer; answered in order. */
export type WriterRequest =
  | { readonly verb: 'open'; readonly options: RecoverOptions }
  | { readonly verb: 'append'; readonly group: Uint8Array<ArrayBuffer> }
  | { readonly verb: 'prepare'; readonly settledIndex: number }
  | { readonly verb: 'publish'; readonly note: string }
  | { readonly verb: 'remove'; readonly first: number; readonly end: number }
  | { readonly verb: 'close' }

export type Opened = Omit<Recovered, 'writer'>

/** One answer; which field is set follows from the request. */
export interface WriterReply {
  readonly opened?: Opened
  readonly head?: TreeHead
  readonly error?: { readonly code: ErrorCode; readonly message: string }
}

/** A way to the writer: in a thread of its own, or, in tests, in this one over faulty files. */
export interface WriterLink {
  /** @throws GatewayError with the code the writer gave, `AUDIT_UNAVAILABLE` for everything unexpected. */
  call(request: WriterRequest): Promise<WriterReply>
  /** Ends the writer. Later calls fail. */
  stop(): Promise<void>
}

/** The writer's side of a link. Appended entries are hashed after the answer has gone out. */
export function answerRequests(folder: LogFolder, reply: (answer: WriterReply) => void): (request: WriterRequest) => Promise<void> {
  let writer: LogWriter | undefined
  const perform = async (request: WriterRequest): Promise<WriterReply> => {
    if (request.verb === 'open') {
      const { writer: recovered, ...opened } = await recover(request.options, folder)
      writer = recovered
      return { opened }
    }
    if (!writer) throw new Error('the log is not open')
    if (request.verb === 'append') writer.append(request.group)
    else if (request.verb === 'prepare') return { head: writer.prepare(request.settledIndex) }
    else if (request.verb === 'publish') writer.publish(request.note)
    else if (request.verb === 'remove') writer.remove(request.first, request.end)
    else writer.close()
    return {}
  }
  return async (request) => {
    try {
      reply(await perform(request))
    } catch (error) {
      reply({ error: describe(error) })
    }
    try {
      if (request.verb === 'append') writer?.settle()
    } catch {
      // The writer is broken now and says so at the next request; what was answered is durable.
    }
  }
}

/** A writer in its own thread, over the real file system. */
export function startWriterThread(): WriterLink {
  // The compiler rewrites the extensions of imports, not of URLs.
  const worker = new Worker(new URL(import.meta.url.endsWith('.ts') ? './writer-thread.ts' : './writer-thread.js', import.meta.url))
  const waiting: { resolve: (reply: WriterReply) => void; reject: (error: Error) => void }[] = []
  let gone: GatewayError | undefined
  const fail = (cause: unknown): void => {
    gone ??= new GatewayError('AUDIT_UNAVAILABLE', 'the writer of the audit log has ended', { cause })
    for (const { reject } of waiting.splice(0)) reject(gone)
  }
  worker.on('message', (reply: WriterReply) => settle(waiting.shift(), reply))
  worker.on('error', fail)
  worker.on('exit', fail)
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        if (gone) return reject(gone)
        waiting.push({ resolve, reject })
        worker.postMessage(request, request.verb === 'append' ? [request.group.buffer] : [])
      }),
    stop: async () => {
      await worker.terminate()
    },
  }
}

/** A writer in this thread; blocks it while it writes. For tests that make file operations fail. */
export function directWriter(folder: LogFolder = diskFolder): WriterLink {
  const waiting: { resolve: (reply: WriterReply) => void; reject: (error: Error) => void }[] = []
  const answer = answerRequests(folder, (reply) => settle(waiting.shift(), reply))
  let last: Promise<void> = Promise.resolve()
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        last = last.then(() => answer(request))
      }),
    stop: () => last,
  }
}

function settle(
  caller: { resolve: (reply: WriterReply) => void; reject: (error: Error) => void } | undefined,
  reply: WriterReply,
): void {
  if (reply.error) caller?.reject(new GatewayError(reply.error.code, reply.error.message))
  else caller?.resolve(reply)
}

function describe(error: unknown): NonNullable<WriterReply['error']> {
  if (isGatewayError(error)) return { code: error.code, message: error.message }
  // Only the system's own code goes on: messages of file errors hold paths.
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
  return { code: 'AUDIT_UNAVAILABLE', message: `the audit log cannot be written${code}` }
}
