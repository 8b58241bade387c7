import { GatewayError } from '@sallyport/core'
import type { FastifyInstance } from 'fastify'
import { problemOf } from './problem.ts'
import type { RouteDeps } from './route-deps.ts'

/** Proxies end connections on which nothing comes. */
const SIGN_OF_LIFE_MS = 15_000

/**
 * Entries of the log as they are written, as server-sent events (HTML §9.2). `from` or `Last-Event-ID` say where to go on; who
 * has been away gets what came meanwhile. The stream ends with the session.
 */
export function addLive(app: FastifyInstance, { link, requireSession }: RouteDeps): void {
  app.get<{ Querystring: { from?: string } }>('/api/v1/live', async (request, reply) => {
    const session = requireSession(request, 'read')
    const from = startOf(request.query.from, request.headers['last-event-id'])
    const ended = new AbortController()
    const input = from === undefined ? {} : { from }
    const lines = link.follow({ verb: 'audit.tail', input, session }, ended.signal)[Symbol.asyncIterator]()
    try {
      // A refusal is an answer like any other as long as nothing was sent.
      const first = await lines.next()
      reply.hijack()
      const { raw } = reply
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value as string)
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      raw.once('close', () => ended.abort())
      const life = setInterval(() => raw.write(': here\n\n'), SIGN_OF_LIFE_MS)
      try {
        for (let line = first; !line.done; line = await lines.next()) {
          if (line.value !== '' && !raw.write(eventOf(line.value))) await drained(raw, ended.signal)
        }
      } catch (error) {
        if (!ended.signal.aborted) raw.write(`event: problem\ndata: ${JSON.stringify(problemOf(error))}\n\n`)
      } finally {
        clearInterval(life)
        raw.end()
      }
    } finally {
      ended.abort()
    }
  })
}

function eventOf(entry: string): string {
  const { index } = JSON.parse(entry) as { index: number }
  return `id: ${index}\ndata: ${entry}\n\n`
}

function startOf(asked: unknown, last: unknown): number | undefined {
  const text = last === undefined ? asked : last
  if (text === undefined) return undefined
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text))
    throw new GatewayError('REQUEST_PARAMS', 'from is the index of an entry')
  return Number(text) + (last === undefined ? 0 : 1)
}

function drained(raw: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    raw.once('drain', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
