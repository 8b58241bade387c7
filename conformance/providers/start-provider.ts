import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { anthropicMessages } from './anthropic-messages.ts'
import { bedrock } from './bedrock.ts'
import { gemini } from './gemini.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import {
  type Fault,
  isFault,
  isStream,
  modelOf,
  type Operation,
  type ProviderRequest,
  type ProviderWire,
  type Said,
  type Script,
  type WireForm,
} from './script.ts'

const FORMS: Readonly<Record<ProviderWire, WireForm>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini: gemini,
  bedrock: bedrock,
}
/** By how the path ends, the longest first. */
const OPERATIONS: readonly (readonly [ends: string, operation: Operation])[] = [
  ['/chat/completions', 'openai-chat'],
  ['/responses', 'openai-responses'],
  ['/messages/count_tokens', 'anthropic-count-tokens'],
  ['/messages', 'anthropic-messages'],
  ['/embeddings', 'openai-embeddings'],
  ['/models', 'models'],
  [':generateContent', 'gemini'],
  [':streamGenerateContent', 'gemini'],
  ['/converse', 'bedrock'],
  ['/converse-stream', 'bedrock'],
]
const FRAMES = { 'content-type': 'application/vnd.amazon.eventstream' }
const STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }

export interface ScriptedProvider {
  /** Without `/v1`. */
  readonly url: string
  /** Every request so far, oldest first. */
  readonly requests: ProviderRequest[]
  /** May be replaced at any time. */
  script: Script
  /** Ids `GET /v1/models` names. */
  models: readonly string[]
  close(): Promise<void>
}

/** A model provider on a free port of the loopback that speaks as OpenAI's and Anthropic's do, and says what a script tells it to. */
export async function startProvider(script: Script = () => ({ text: ['It is ', 'Paris.'] })): Promise<ScriptedProvider> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const provider: ScriptedProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    script,
    models: ['model-1', 'model-2'],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return provider

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await bytesOf(incoming)
    const path = (incoming.url ?? '').split('?', 1)[0] ?? ''
    const request: ProviderRequest = {
      operation: OPERATIONS.find(([ends]) => path.endsWith(ends))?.[1],
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      bytes,
      body: parsed(bytes),
      isCut: new Promise((resolve) => response.once('close', () => resolve(!response.writableFinished))),
    }
    provider.requests.push(request)
    await reply(response, request, provider)
  }
}

async function reply(response: ServerResponse, request: ProviderRequest, { script, models }: ScriptedProvider): Promise<void> {
  const { operation } = request
  if (operation === 'models') return json(response, 200, modelList(models, request))
  if (operation === undefined) return json(response, 404, openaiChat.problem(404, 'no such endpoint'))
  const form =
    operation in FORMS ? FORMS[operation as ProviderWire] : operation === 'anthropic-count-tokens' ? anthropicMessages : openaiChat
  const planned = script(request)
  if (isFault(planned)) return fail(response, request, { fault: planned, form })
  if (planned.delayMs) await delay(planned.delayMs)
  if (operation === 'anthropic-count-tokens') return json(response, 200, { input_tokens: planned.usage?.input ?? 9 })
  if (operation === 'openai-embeddings') return json(response, 200, embeddings(request))
  if (!isStream(request)) return json(response, 200, form.whole(planned, modelOf(request)))
  response.writeHead(200, operation === 'bedrock' ? FRAMES : STREAM)
  await send(response, form.events(planned, request), planned)
  response.end()
}

async function fail(
  response: ServerResponse,
  request: ProviderRequest,
  { fault, form }: { readonly fault: Fault; readonly form: WireForm },
): Promise<void> {
  if (fault.fault === 'status') {
    for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value)
    return json(response, fault.status, form.problem(fault.status, fault.message))
  }
  if (fault.fault === 'reset') response.destroy()
  if (!('said' in fault)) return
  const { said } = fault
  if (isStream(request)) {
    const events = form.events(said, request)
    response.writeHead(200, request.operation === 'bedrock' ? FRAMES : STREAM)
    await send(response, events.slice(0, Math.ceil(events.length / 2)), said)
    if (fault.fault === 'malformed') response.write(`data: {"${fault.message}\n\n`)
    if (fault.fault === 'gives-up') response.write(form.failure(fault.message))
  } else if (fault.fault === 'gives-up') {
    return json(response, 500, form.problem(500, fault.message))
  } else {
    const text = fault.fault === 'malformed' ? `{"${fault.message}` : JSON.stringify(form.whole(said, modelOf(request)))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write(fault.fault === 'malformed' ? text : text.slice(0, text.length / 2))
  }
  if (fault.fault === 'stall') return
  // What was written leaves before the connection breaks.
  if (fault.fault === 'half') setImmediate(() => response.destroy())
  else response.end()
}

async function send(
  response: ServerResponse,
  events: readonly (string | Buffer)[],
  { pauseMs = 0, cutBytes = 0 }: Said,
): Promise<void> {
  const all = cutBytes > 0 ? cut(Buffer.concat(events.map((event) => Buffer.from(event))), cutBytes) : events
  for (const piece of all) {
    if (response.destroyed) return
    if (!response.write(piece)) await drained(response)
    if (pauseMs > 0) await delay(pauseMs)
    else if (cutBytes > 0) await nextTurn()
  }
}

function cut(bytes: Buffer, length: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.subarray(i * length, (i + 1) * length))
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve).once('close', resolve)
  })
}

function json(response: ServerResponse, status: number, value: object): void {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, 'x-request-id': 'req_scripted' })
  response.end(body)
}

function modelList(models: readonly string[], { headers }: ProviderRequest): object {
  if (headers['x-api-key'] === undefined)
    return { object: 'list', data: models.map((id) => ({ id, object: 'model', created: 1_790_000_000, owned_by: 'scripted' })) }
  const data = models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-09-01T00:00:00Z' }))
  return { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null }
}

/** The SDKs ask for base64 unless told otherwise, and turn it back. */
function embeddings(request: ProviderRequest): object {
  const { input, encoding_format: format } = request.body
  const vector = [0.25, -0.5, 1]
  const data = (Array.isArray(input) ? input : [input]).map((_, index) => ({
    object: 'embedding',
    index,
    embedding: format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector,
  }))
  return { object: 'list', data, model: modelOf(request), usage: { prompt_tokens: data.length, total_tokens: data.length } }
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(bytes.toString('utf8')) as Record<string, unknown>
  } catch {
    return {}
  }
}
