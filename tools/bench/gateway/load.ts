// The load generator: a process of its own that writes ready-made HTTP/1.1 requests to keep-alive sockets and times every
// answer. It is hand-made because a client library would cost as much as the proxies under test, and hide what they cost.
import { type Socket, connect } from 'node:net'
import type { LoadRequest } from './call.ts'

export interface LoadSpec extends LoadRequest {
  readonly connections: number
  /** Ends after this long, or after `callsMax` answers, whichever is first. */
  readonly durationMs?: number
  readonly callsMax?: number
}

export interface LoadResult {
  readonly calls: number
  /** Answers that were not 200 with the mark. */
  readonly failed: number
  readonly statuses: Readonly<Record<string, number>>
  /** Answers with status 503 that said when to come back. */
  readonly retryAfter: number
  /** Connections that broke. */
  readonly broken: number
  readonly seconds: number
  readonly callsPerSecond: number
  readonly p50Us: number
  readonly p99Us: number
  readonly maxUs: number
  /** Until the first byte of a body. */
  readonly firstP50Us: number
  readonly firstP99Us: number
}

const HEAD_END = Buffer.from('\r\n\r\n')
const CHUNKS_END = Buffer.from('0\r\n\r\n')

interface Run {
  readonly spec: LoadSpec
  readonly bytes: Buffer
  readonly mark: Buffer
  readonly latenciesUs: number[]
  readonly firstsUs: number[]
  readonly statuses: Record<string, number>
  failed: number
  retryAfter: number
  broken: number
  sent: number
}

process.on('message', (spec: LoadSpec) => {
  void load(spec).then((result) => process.send?.(result))
})

async function load(spec: LoadSpec): Promise<LoadResult> {
  const run: Run = {
    spec,
    bytes: encode(spec),
    mark: Buffer.from(spec.mark),
    latenciesUs: [],
    firstsUs: [],
    statuses: {},
    failed: 0,
    retryAfter: 0,
    broken: 0,
    sent: 0,
  }
  const { hostname, port } = new URL(spec.url)
  const sockets = await Promise.all(Array.from({ length: spec.connections }, () => open(hostname, Number(port))))
  const startMs = performance.now()
  const endMs = startMs + (spec.durationMs ?? Number.POSITIVE_INFINITY)
  await Promise.all(sockets.map((socket) => drive(socket, run, endMs)))
  const seconds = (performance.now() - startMs) / 1_000
  const [at, first] = [shares(run.latenciesUs), shares(run.firstsUs)]
  const { failed, statuses, retryAfter, broken } = run
  const calls = run.latenciesUs.length
  return {
    calls,
    failed,
    statuses,
    retryAfter,
    broken,
    seconds,
    callsPerSecond: calls / seconds,
    p50Us: at(0.5),
    p99Us: at(0.99),
    maxUs: at(1),
    firstP50Us: first(0.5),
    firstP99Us: first(0.99),
  }
}

/** The value that a share of all values stays below. */
function shares(values: readonly number[]): (share: number) => number {
  const sorted = Float64Array.from(values).sort()
  return (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}

function open(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Sends one request after another on one connection until the run is over. */
function drive(socket: Socket, run: Run, endMs: number): Promise<void> {
  return new Promise((resolve) => {
    let sentMs = 0
    let chunks: Buffer[] = []
    let headEnd = -1
    let isWaiting = false
    const next = (): void => {
      if (performance.now() >= endMs || run.sent >= (run.spec.callsMax ?? Number.POSITIVE_INFINITY)) {
        socket.destroy()
        return resolve()
      }
      run.sent++
      isWaiting = true
      sentMs = performance.now()
      socket.write(run.bytes)
    }
    socket.removeAllListeners('error')
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (headEnd < 0) {
        const bytes = joined()
        headEnd = bytes.indexOf(HEAD_END)
        // A stream's head may come alone; what counts is the body.
        if (headEnd < 0 || bytes.length === headEnd + HEAD_END.length) {
          headEnd = -1
          return
        }
        run.firstsUs.push((performance.now() - sentMs) * 1_000)
      }
      if (!isComplete(chunks, headEnd)) return
      const answer = joined()
      chunks = []
      headEnd = -1
      run.latenciesUs.push((performance.now() - sentMs) * 1_000)
      count(answer, run)
      isWaiting = false
      next()
    })
    const joined = (): Buffer => {
      if (chunks.length > 1) chunks = [Buffer.concat(chunks)]
      return chunks[0] ?? Buffer.alloc(0)
    }
    socket.on('error', () => resolve())
    socket.on('close', () => {
      if (isWaiting) run.broken++
      resolve()
    })
    next()
  })
}

/** Joins chunks only at the end: a large answer comes in many. */
function isComplete(chunks: readonly Buffer[], headEnd: number): boolean {
  const head = (chunks[0] ?? Buffer.alloc(0)).toString('latin1', 0, headEnd)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  if (length !== undefined) return bytes >= headEnd + HEAD_END.length + Number(length)
  const end = Buffer.concat(chunks.slice(-CHUNKS_END.length)).subarray(-CHUNKS_END.length)
  return end.equals(CHUNKS_END)
}

function count(answer: Buffer, run: Run): void {
  const status = answer.toString('latin1', 9, 12)
  run.statuses[status] = (run.statuses[status] ?? 0) + 1
  if (status !== '200' || !answer.includes(run.mark)) run.failed++
  if (status === '503' && /\r\nretry-after: *\d/i.test(answer.toString('latin1', 0, answer.indexOf(HEAD_END)))) run.retryAfter++
}

function encode({ url, headers, body }: LoadSpec): Buffer {
  const { host, pathname } = new URL(url)
  const lines = Object.entries({ host, ...headers, 'content-length': String(Buffer.byteLength(body)) }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  return Buffer.from(`POST ${pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
}
