import { type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { fetchJwks } from './fetch-jwks.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function fetched(answer: (response: ServerResponse) => void): Promise<unknown> {
  server = createServer((_request, response) => answer(response))
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return fetchJwks(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks?x=1`).catch(
    (error: unknown) => (error as { code?: unknown }).code,
  )
}

test('a key set comes whole, also when a character is cut in two', async () => {
  const bytes = Buffer.from('{"keys":[{"kid":"é😀"}]}')
  const keys = await fetched((response) => {
    response.write(bytes.subarray(0, 17))
    setImmediate(() => response.end(bytes.subarray(17)))
  })
  expect(keys).toEqual({ keys: [{ kid: 'é😀' }] })
})

test.each<[string, (response: ServerResponse) => void]>([
  ['a redirect', (response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end()],
  ['a failure', (response) => void response.writeHead(500).end('x'.repeat(100_000))],
  ['no JSON', (response) => void response.end('<html>')],
  ['too much', (response) => void response.end(`{"keys":"${'x'.repeat(300_000)}"}`)],
  ['a connection that breaks', (response) => void response.destroy()],
])('%s is no key set', async (_title, answer) => {
  expect(await fetched(answer)).toBe('KEYS_UNAVAILABLE')
})

test.each(['http://169.254.169.254/jwks', 'http://10.0.0.1/jwks', 'http://[fd00:ec2::254]/jwks'])(
  '%s is not asked',
  async (url) => {
    await expect(fetchJwks(url)).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
  },
)
