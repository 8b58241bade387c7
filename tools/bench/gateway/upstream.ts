// A tool server that does no work: what is measured is what stands in front of it. It also answers one chat completion.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CHAT_RESULT, DEFINITIONS, NOTICE_TOOL, noticeResult, PAGE_RESULT, PAGE_TOOL, PROTOCOL_VERSION, RESULT } from './call.ts'
import { readBody, sendJson, serve } from './serve.ts'

const CHAT = Buffer.from(JSON.stringify(CHAT_RESULT))
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
  if (request.url?.endsWith('/chat/completions')) return sendJson(response, 200, CHAT)
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
