// The least a proxy in Node can do and still read the body: node:http in, an undici pool out. The baseline of the benchmark.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Pool } from 'undici'
import { readBody, sendJson, serve } from './serve.ts'

const [target = ''] = process.argv.slice(2)
const pool = new Pool(target, { connections: 64 })

serve((request, response) => void forward(request, response))

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host: _host, connection: _connection, ...headers } = request.headers
  const body = await readBody(request)
  const answer = await pool.request({ method: 'POST', path: request.url ?? '/', headers, body })
  const type = String(answer.headers['content-type'])
  if (!type.startsWith('text/event-stream'))
    return sendJson(response, answer.statusCode, Buffer.from(await answer.body.arrayBuffer()))
  response.writeHead(answer.statusCode, { 'content-type': type })
  answer.body.pipe(response)
}
