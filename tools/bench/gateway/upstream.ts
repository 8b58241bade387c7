// A tool server and a model that do no work: what is measured is what stands in front of them.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  CHAT_RESULT,
  chatEvents,
  DEFINITIONS,
  LARGE_MODEL,
  NOTICE_TOOL,
  noticeResult,
  PAGE_RESULT,
  PAGE_TOOL,
  PROTOCOL_VERSION,
  RESULT,
} from './call.ts'
import { readBody, sendJson, serve } from './serve.ts'

const CHAT = Buffer.from(JSON.stringify(CHAT_RESULT))
const EVENTS = chatEvents(40, 25)
const LARGE_EVENTS = chatEvents(256, 4_096)
/** Tool calls answered so far; `GET /calls` tells. */
let calls = 0
const RESULT_TEXT = JSON.stringify(RESULT)
const PAGE_TEXT = JSON.stringify(PAGE_RESULT)
const COMPLETE = { resultType: 'complete', ttlMs: 60_000, cacheScope: 'public' }
const REST = new Map<string, unknown>([
  ['server/discover', { supportedVersions: [PROTOCOL_VERSION], capabilities: { tools: {} }, ...COMPLETE }],
  ['tools/list', { tools: DEFINITIONS, ...COMPLETE }],
])

serve((request, response) => void answer(request, response))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request)
  if (request.url?.endsWith('/chat/completions')) return chat(response, JSON.parse(body.toString('utf8')))
  if (request.url === '/calls') return sendJson(response, 200, Buffer.from(String(calls)))
  if (request.method !== 'POST') return sendJson(response, 405, Buffer.from('{}'))
  const { id, method, params } = JSON.parse(body.toString('utf8')) as {
    id?: string | number
    method: string
    params?: { name?: string }
  }
  if (id === undefined) return sendJson(response, 202, Buffer.alloc(0))
  if (method === 'tools/call') calls++
  if (method === 'tools/call') {
    const answered =
      params?.name === NOTICE_TOOL ? JSON.stringify(noticeResult(calls)) : params?.name === PAGE_TOOL ? PAGE_TEXT : RESULT_TEXT
    return sendJson(response, 200, Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${answered}}`))
  }
  const result = REST.get(method)
  const outcome = result ? { result } : { error: { code: -32_601, message: 'no such method' } }
  sendJson(response, result ? 200 : 404, Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, ...outcome })))
}

function chat(response: ServerResponse, { model, stream }: { model?: string; stream?: boolean }): void {
  if (stream !== true) return sendJson(response, 200, CHAT)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  void sendEvents(response, model === LARGE_MODEL ? LARGE_EVENTS : EVENTS)
}

/** One write an event, as models do, no faster than they are read. */
async function sendEvents(response: ServerResponse, events: readonly Buffer[]): Promise<void> {
  for (const event of events) if (!response.write(event)) await once(response, 'drain')
  response.end()
}
