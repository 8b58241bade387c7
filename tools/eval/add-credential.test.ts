import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { addCredential } from './add-credential.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

test.each([
  ['its own address', 'own', 'target'],
  ['a foreign name', 'evil.example.com', 'evil.example.com'],
  ['another local port', 'localhost:1', 'localhost:1'],
])('%s in Host and Origin arrives with its meaning, body and credential', async (_, host, wanted) => {
  const { target, seen } = await echo()
  const door = await addCredential(`${target}/a/b/mcp`, 'sp_key')
  closing.push(() => door.close())
  const own = new URL(door.url).host
  const sent = host === 'own' ? own : host
  const arrived = wanted === 'target' ? new URL(target).host : wanted
  expect(await post(door.url, { host: sent, origin: `http://${sent}` }, 'hello')).toEqual({
    status: 201,
    text: 'POST /a/b/mcp hello',
  })
  expect(seen.headers).toMatchObject({ host: arrived, origin: `http://${arrived}`, authorization: 'Bearer sp_key' })
})

async function echo(): Promise<{ target: string; seen: { headers: IncomingHttpHeaders } }> {
  const seen: { headers: IncomingHttpHeaders } = { headers: {} }
  const server = createServer((incoming, response) => {
    seen.headers = incoming.headers
    let body = ''
    incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    incoming.once('end', () => response.writeHead(201).end(`${incoming.method} ${incoming.url} ${body}`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => void server.close(() => resolve())))
  return { target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

function post(url: string, headers: Record<string, string>, body: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => resolve({ status: response.statusCode, text }))
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
