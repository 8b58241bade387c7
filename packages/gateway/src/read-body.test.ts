import { type IncomingMessage, type Server, createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isGatewayError } from '@sallyport/core'
import { afterEach, expect, test } from 'vitest'
import { COST_FACTOR, openByteBudget } from './byte-budget.ts'
import { readBody } from './read-body.ts'

const BODY_MAX = 1_000
const budget = openByteBudget(3 * BODY_MAX * COST_FACTOR)
let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** What a real request with this body gives: its text, or the code it is refused with. */
async function outcome(
  feed: (request: ReturnType<typeof send>) => void,
  headers: Record<string, string | number> = {},
): Promise<string> {
  const before = budget.used()
  const seen = Promise.withResolvers<string>()
  server = createServer((request, response) => {
    readBody(request, BODY_MAX, budget).then(
      (body) => {
        expect(budget.used()).toBeGreaterThanOrEqual(body.bytes * COST_FACTOR)
        body.release()
        body.release()
        seen.resolve(body.text)
        response.end()
      },
      (error: unknown) => {
        seen.resolve(isGatewayError(error) ? error.code : 'bug')
        if (!response.destroyed) response.writeHead(400, { connection: 'close' }).end()
      },
    )
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const request = send({ port, host: '127.0.0.1', method: 'POST', headers }).on('error', () => {})
  const answered = new Promise<number>((resolve) =>
    request.on('response', (response: IncomingMessage) => resolve(response.resume().statusCode ?? 0)).on('close', () => resolve(0)),
  )
  feed(request)
  const text = await seen.promise
  status = await answered
  expect(budget.used()).toBe(before)
  return text
}
let status = 0

test('a body comes whole, however it is cut', async () => {
  const text = 'é€😀'.repeat(50)
  const bytes = Buffer.from(text)
  expect(await outcome((request) => request.end(bytes))).toBe(text)
  expect(
    await outcome((request) => {
      request.write(bytes.subarray(0, 3))
      setImmediate(() => request.end(bytes.subarray(3)))
    }),
  ).toBe(text)
})

test('no body is the empty text', async () => {
  expect(await outcome((request) => request.end())).toBe('')
})

test('too large by its own word is refused before a byte is read', async () => {
  expect(await outcome((request) => request.flushHeaders(), { 'content-length': BODY_MAX + 1 })).toBe('REQUEST_TOO_LARGE')
  expect(status).toBe(400)
})

test('too large in fact is refused, and the caller still gets the answer', async () => {
  expect(await outcome((request) => request.write('x'.repeat(BODY_MAX + 1)), { 'transfer-encoding': 'chunked' })).toBe(
    'REQUEST_TOO_LARGE',
  )
  expect(status).toBe(400)
})

test('exactly as large as allowed passes', async () => {
  expect(await outcome((request) => request.end('x'.repeat(BODY_MAX)))).toHaveLength(BODY_MAX)
})

test('bytes that are not UTF-8 are refused; a byte order mark stays for the parser to refuse', async () => {
  expect(await outcome((request) => request.end(Buffer.from([0x22, 0xff, 0x22])))).toBe('REQUEST_MALFORMED')
  expect(await outcome((request) => request.end(Buffer.from([0xed, 0xa0, 0x80])))).toBe('REQUEST_MALFORMED')
  expect(await outcome((request) => request.end('\ufeff{}'))).toBe('\ufeff{}')
})

test('a client that leaves in the middle is told apart from one that sends nonsense', async () => {
  expect(
    await outcome(
      (request) => {
        request.write('half')
        setTimeout(() => request.destroy(), 20)
      },
      { 'content-length': 100 },
    ),
  ).toBe('REQUEST_CANCELLED')
})

test('a used-up budget refuses before reading', async () => {
  const others = 3 * BODY_MAX * COST_FACTOR - 10
  budget.take(others)
  expect(await outcome((request) => request.flushHeaders(), { 'content-length': 900 })).toBe('LIMIT_OVERLOADED')
  expect(status).toBe(400)
  budget.give(others)
})
