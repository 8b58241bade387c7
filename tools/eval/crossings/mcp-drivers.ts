import { type Json, type JsonObject, isJsonObject } from '@sallyport/core'
import type { AgentClient, Answer, CallOptions } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import type { mcp } from '../../../packages/gateway/src/protocols/mcp/formats.ts'
import type { Cell } from './cells.ts'
import type { ScriptedServer } from './mcp-server.ts'
import { idOf, itemName, type KEYS, type McpWorld, noteUri } from './mcp-world.ts'
import { base64, htmlWith, type Payload, pdfWith, pngWith, soundWith } from './payloads.ts'

/** One payload on its way through one cell. */
export interface Crossing {
  readonly cell: Cell
  readonly payload: Payload
  readonly world: McpWorld
}

/** What came of it. */
export interface Crossed {
  /** Everything the receiving side got. */
  readonly received: string
  /** Parts by which the payload is known there; all of them arrived or it did not. */
  readonly parts: readonly string[]
  /** Decisions in the audit log that it was part of. */
  readonly entries: readonly number[]
  /** Whether the exchange came to its ordinary end. */
  readonly isAnswered: boolean
  /** Whether a person who reviews is told; where nothing is decided. */
  readonly isFlagged?: boolean
}

type Driver = (crossing: Crossing) => Promise<Crossed>
type FormatId = (typeof mcp)['formats'][number]['id']

const PNG = 'image/png'
const block = (text: string): JsonObject => ({ type: 'text', text })
const result = (...content: Json[]): JsonObject => ({ content })
const embedded = (resource: JsonObject): JsonObject => result({ type: 'resource', resource: { uri: 'file:///page', ...resource } })

export const mcpDrivers: Readonly<Record<FormatId, Driver>> = {
  'tool-text': returns((text) => result(block(text))),
  'tool-structured': returns((text) => ({ ...result(block('done')), structuredContent: { page: { note: text } } })),
  'tool-structured-name': returns((text) => ({ ...result(block('done')), structuredContent: { [text]: 'yes' } })),
  'tool-embedded-text': returns((text) => embedded({ mimeType: 'text/plain', text })),
  'tool-embedded-html': returns((text) => embedded({ mimeType: 'text/html', blob: htmlWith(text) }), htmlWith),
  'tool-embedded-pdf': returns((text) => embedded({ mimeType: 'application/pdf', blob: pdfWith(text) }), pdfWith),
  'tool-link-title': returns((text) => result({ type: 'resource_link', uri: 'file:///page', name: 'page', title: text })),
  'tool-link-description': returns((text) =>
    result({ type: 'resource_link', uri: 'file:///page', name: 'page', description: text }),
  ),
  'tool-image-metadata': returns((text) => result({ type: 'image', mimeType: PNG, data: pngWith(text) }), pngWith),
  'tool-audio-metadata': returns((text) => result({ type: 'audio', mimeType: 'audio/mpeg', data: soundWith(text) }), soundWith),
  'tool-block-annotation': returns((text) => result({ ...block('done'), annotations: { note: text } })),
  'tool-error-text': returns((text) => ({ ...result(block(text)), isError: true })),
  'resource-text': acts('resources/read', (text) => ({ contents: [{ uri: 'file:///page', mimeType: 'text/plain', text }] })),
  'resource-blob': acts(
    'resources/read',
    (text) => ({ contents: [{ uri: 'file:///page', mimeType: 'text/plain', blob: base64(text) }] }),
    base64,
  ),
  'prompt-message': acts('prompts/get', (text) => ({ messages: [{ role: 'user', content: block(text) }] })),
  'prompt-resource': acts('prompts/get', (text) => ({
    messages: [{ role: 'user', content: { type: 'resource', resource: { uri: 'file:///page', text } } }],
  })),
  'prompt-description': acts('prompts/get', (text) => ({ description: text, messages: [] })),
  'completion-value': acts('completion/complete', (text) => ({ completion: { values: [text], total: 1 } })),
  'prompts-description': lists('prompts/list', 'prompts'),
  'prompts-title': lists('prompts/list', 'prompts'),
  'prompts-argument': lists('prompts/list', 'prompts'),
  'resources-description': lists('resources/list', 'resources'),
  'resources-title': lists('resources/list', 'resources'),
  'templates-description': lists('resources/templates/list', 'resourceTemplates'),
  'elicitation-message': asks('elicitation/create', (message) => ({
    message,
    requestedSchema: { type: 'object', properties: {} },
  })),
  'elicitation-schema': asks('elicitation/create', (description) => ({
    message: 'Which year?',
    requestedSchema: { type: 'object', properties: { year: { type: 'string', description } } },
  })),
  'sampling-message': asks('sampling/createMessage', (text) => ({
    messages: [{ role: 'user', content: block(text) }],
    maxTokens: 10,
  })),
  'sampling-system': asks('sampling/createMessage', (systemPrompt) => ({ systemPrompt, messages: [], maxTokens: 10 })),
  'progress-message': says('notifications/progress', (text) => [{ progress: 1, message: text }]),
  'progress-split': says('notifications/progress', (_, pieces) => pieces.map((message, progress) => ({ progress, message })), true),
  'log-text': says('notifications/message', (data) => [{ level: 'info', data }]),
  'log-split': says('notifications/message', (_, pieces) => pieces.map((data) => ({ level: 'info', data })), true),
  'log-value': says('notifications/message', (note) => [{ level: 'info', data: { note } }]),
  'log-logger': says('notifications/message', (logger) => [{ level: 'info', logger, data: 'done' }]),
  'rpc-error': returns((message) => ({ error: { code: -32_000, message, data: { note: message } } })),
  'capability-error': returns((text) => ({
    error: { code: -32_021, message: text, data: { requiredCapabilities: { elicitation: { [text]: {} }, [text]: {} } } },
  })),
  'server-instructions': async (crossing) => {
    const { client, era } = sidesOf(crossing)
    const answer = await (era === 'modern'
      ? client.rpc('server/discover')
      : client.rpc('initialize', { protocolVersion: '2025-11-25', capabilities: {} }, { era }))
    return atClient(crossing, answer)
  },
  'unnamed-member': returns((note) => ({ ...result(block('done')), note, _meta: { note } })),
  'progress-member': says('notifications/progress', (note) => [{ progress: 1, note }]),
  'tool-description': defines,
  'tool-parameter': defines,
  'argument-string': gives(({ text }) => ({ note: `as agreed: ${text}` })),
  'argument-nested': gives(({ text }) => ({ pages: [{ notes: [text] }] })),
  'argument-name': gives(({ text }) => ({ [text]: true })),
  'argument-number': gives(
    ({ number }) => ({ amount: number }),
    ({ number }) => [String(number)],
  ),
  'argument-split': gives(
    ({ pieces: [a, b] }) => ({ a, b }),
    ({ pieces }) => pieces,
  ),
  'prompt-argument': requests(({ id, payload }) => ['prompts/get', { name: `${id}__letter`, arguments: { year: payload.text } }]),
  'resource-uri': requests(({ id, payload }) => ['resources/read', { uri: noteUri(id, payload.text) }]),
  'completion-argument': requests(({ id, payload }) => [
    'completion/complete',
    { ref: { type: 'ref/prompt', name: `${id}__letter` }, argument: { name: 'year', value: payload.text } },
  ]),
  'completion-context': requests(({ id, payload }) => [
    'completion/complete',
    {
      ref: { type: 'ref/prompt', name: `${id}__letter` },
      argument: { name: 'year', value: '2' },
      context: { arguments: { city: payload.text } },
    },
  ]),
  'elicitation-answer': answers(
    'elicitation/create',
    { message: 'Which one?', requestedSchema: { type: 'object', properties: {} } },
    (text) => ({ action: 'accept', content: { which: text } }),
  ),
  'sampling-answer': answers('sampling/createMessage', { messages: [], maxTokens: 10 }, (text) => ({
    role: 'assistant',
    model: 'm',
    content: block(text),
  })),
  'trace-state': besides(({ text }) => ({
    meta: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, tracestate: `vendor=${text}` },
  })),
  'log-level': besides(({ text }) => ({ meta: { 'io.modelcontextprotocol/logLevel': text } })),
  'progress-token': besides(({ text }) => ({ meta: { progressToken: text } })),
  'client-capability': besides(({ text }) => ({ capabilities: { elicitation: { [text]: {} }, [text]: {} } })),
  'client-name': besides(({ text }) => ({
    meta: { 'io.modelcontextprotocol/clientInfo': { name: text, version: '1' } },
    headers: { 'x-session-id': text, 'user-agent': text },
  })),
  'reference-member': requests(({ id, payload }) => [
    'completion/complete',
    {
      ref: { type: 'ref/prompt', name: `${id}__letter`, title: payload.text, note: payload.text },
      argument: { name: 'year', value: '2', note: 'x' },
    },
  ]),
}

interface Sides {
  readonly id: string
  readonly era: 'modern' | 'legacy'
  readonly server: ScriptedServer
  readonly client: AgentClient
}

function sidesOf({ cell, world }: Crossing, key: (typeof KEYS)[number] = 'plain'): Sides {
  const id = idOf(cell)
  return {
    id,
    era: cell.pairing.startsWith('modern') ? 'modern' : 'legacy',
    server: world.serverOf(cell),
    client: world.governed.client(id, key),
  }
}

/** A text as it stands inside a JSON text. */
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

function atClient({ payload }: Crossing, answer: Answer, parts: readonly string[] = [payload.text]): Crossed {
  return {
    received: answer.text,
    parts: parts.map(inJson),
    entries: entriesOf(answer),
    isAnswered: answer.messages.length > 0 && answer.refusal === undefined,
  }
}

function atServer(
  { payload }: Crossing,
  server: ScriptedServer,
  { answer, parts = [payload.text] }: { readonly answer: Answer; readonly parts?: readonly string[] },
): Crossed {
  return {
    received: server.received.join('\n'),
    parts: parts.map(inJson),
    entries: entriesOf(answer),
    isAnswered: answer.refusal === undefined && answer.result !== undefined,
  }
}

function entriesOf({ result: given, refusal }: Answer): readonly number[] {
  const entry = refusal?.entry ?? (isJsonObject(given?.['_meta']) ? given['_meta']['dev.sallyport/entry'] : undefined)
  return typeof entry === 'number' ? [entry] : []
}

/** The server answers a tool call with it. */
function returns(make: (text: string) => JsonObject, carrier = (text: string): string => text): Driver {
  return async (crossing) => {
    const { id, era, server, client } = sidesOf(crossing)
    server.script = { answer: make(crossing.payload.text) }
    return atClient(crossing, await client.call(`${id}__act`, {}, { era }), [carrier(crossing.payload.text)])
  }
}

/** The server answers another act with it. */
function acts(
  method: 'resources/read' | 'prompts/get' | 'completion/complete',
  make: (text: string) => JsonObject,
  carrier = (text: string): string => text,
): Driver {
  return async (crossing) => {
    const { id, era, server, client } = sidesOf(crossing)
    server.script = { answer: make(crossing.payload.text) }
    const params = {
      'resources/read': { uri: noteUri(id, 'page') },
      'prompts/get': { name: `${id}__letter` },
      'completion/complete': { ref: { type: 'ref/prompt', name: `${id}__letter` }, argument: { name: 'year', value: '2' } },
    }[method]
    return atClient(crossing, await client.rpc(method, params, { era }), [carrier(crossing.payload.text)])
  }
}

/** It stands in one item of a list; the others are no concern of this cell. */
function lists(method: string, member: string): Driver {
  return async (crossing) => {
    const { client, era } = sidesOf(crossing)
    const answer = await client.rpc(method, {}, { era })
    const items = answer.result?.[member]
    const word = itemName(crossing.payload.isPlanted, crossing.cell.format.id)
    const isIt = (item: Json): boolean =>
      JSON.stringify(item).includes(member === 'resourceTemplates' ? `-${word.split('-')[0]}:///` : word)
    const own = Array.isArray(items) ? (items as readonly Json[]).filter(isIt) : []
    return { ...atClient(crossing, answer), received: JSON.stringify(own) }
  }
}

/** The server asks the client with it. */
function asks(method: string, make: (text: string) => JsonObject): Driver {
  return async (crossing) => {
    const { server } = sidesOf(crossing)
    server.script = { question: { method, params: make(crossing.payload.text) } }
    const { texts, entries } = await converse(crossing, { action: 'decline' })
    return { received: texts, parts: [inJson(crossing.payload.text)], entries, isAnswered: true }
  }
}

/** The client answers the server with it. */
function answers(method: string, params: JsonObject, make: (text: string) => JsonObject): Driver {
  return async (crossing) => {
    const { server } = sidesOf(crossing)
    server.script = { question: { method, params } }
    server.received = []
    const { entries } = await converse(crossing, make(crossing.payload.text))
    return { received: server.received.join('\n'), parts: [inJson(crossing.payload.text)], entries, isAnswered: true }
  }
}

const ASKING = { elicitation: {}, sampling: {} }

/** One call in which the server asks; the client answers in the way of its revision. */
async function converse(crossing: Crossing, given: JsonObject): Promise<{ texts: string; entries: readonly number[] }> {
  const { id, era, client } = sidesOf(crossing, 'asked')
  const call = (options: CallOptions): Promise<Answer> => client.call(`${id}__act`, {}, { era, capabilities: ASKING, ...options })
  if (era === 'modern') {
    const first = await call({})
    const asked = first.result?.['inputRequests']
    const [key] = isJsonObject(asked) ? Object.keys(asked) : []
    if (key === undefined) return { texts: first.text, entries: entriesOf(first) }
    const second = await call({ params: { requestState: first.result?.['requestState'] ?? '', inputResponses: { [key]: given } } })
    return { texts: first.text + second.text, entries: [...entriesOf(first), ...entriesOf(second)] }
  }
  await client.rpc('initialize', { protocolVersion: '2025-11-25', capabilities: ASKING }, { era })
  let isAsked = false
  const onText = (text: string): void => {
    const question = /"id":"([^"]+)","method":"(?:elicitation|sampling)\//.exec(text)?.[1]
    if (question === undefined || isAsked) return
    isAsked = true
    void client.raw(JSON.stringify({ jsonrpc: '2.0', id: question, result: given }))
  }
  const answer = await call({ onText })
  return { texts: answer.text, entries: entriesOf(answer) }
}

/** The server says it while it works. */
function says(method: string, make: (text: string, pieces: readonly string[]) => readonly JsonObject[], isSplit = false): Driver {
  return async (crossing) => {
    const { payload } = crossing
    const { id, era, server, client } = sidesOf(crossing)
    server.script = { notices: make(payload.text, payload.pieces).map((params) => ({ method, params })) }
    const meta = { progressToken: 'mine', ...(era === 'modern' ? { 'io.modelcontextprotocol/logLevel': 'debug' } : {}) }
    return atClient(crossing, await client.call(`${id}__act`, {}, { era, meta }), isSplit ? payload.pieces : [payload.text])
  }
}

/** It stands in a definition: not shown before a person reviewed it, and the person is warned. */
async function defines(crossing: Crossing): Promise<Crossed> {
  const { payload, cell, world } = crossing
  const { id, era, client } = sidesOf(crossing)
  const name = itemName(payload.isPlanted, cell.format.id)
  const answer = await client.rpc('tools/list', {}, { era })
  const tools = Array.isArray(answer.result?.['tools']) ? answer.result['tools'] : []
  const own = tools.filter((one) => isJsonObject(one) && one['name'] === `${id}__${name}`)
  const listed = await world.governed.control('bob', 'tools.diff', { server: id, tool: name })
  const warnings = Array.isArray(listed['warnings']) ? listed['warnings'] : []
  const isFlagged = warnings.some((one) => isJsonObject(one) && one['severity'] === 'high')
  return { ...atClient(crossing, answer), received: JSON.stringify(own), isFlagged }
}

/** The agent gives it to a tool. */
function gives(make: (payload: Payload) => JsonObject, parts = ({ text }: Payload): readonly string[] => [text]): Driver {
  return async (crossing) => {
    const { id, era, server, client } = sidesOf(crossing)
    server.script = {}
    server.received = []
    const answer = await client.call(`${id}__act`, make(crossing.payload), { era })
    return atServer(crossing, server, { answer, parts: parts(crossing.payload) })
  }
}

/** The agent gives it with another act. */
function requests(make: (given: { readonly id: string; readonly payload: Payload }) => readonly [string, JsonObject]): Driver {
  return async (crossing) => {
    const { id, era, server, client } = sidesOf(crossing)
    const [method, params] = make({ id, payload: crossing.payload })
    const answer = {
      'prompts/get': { messages: [] },
      'resources/read': { contents: [] },
      'completion/complete': { completion: { values: [] } },
    }[method]
    server.script = answer ? { answer } : {}
    server.received = []
    return atServer(crossing, server, { answer: await client.rpc(method, params, { era }) })
  }
}

/** The agent puts it beside its arguments. */
function besides(make: (payload: Payload) => CallOptions): Driver {
  return async (crossing) => {
    const { id, era, server, client } = sidesOf(crossing, 'odd')
    const options = make(crossing.payload)
    server.script = {}
    server.received = []
    if (era === 'legacy' && options.capabilities)
      await client.rpc('initialize', { protocolVersion: '2025-11-25', capabilities: options.capabilities }, { era })
    return atServer(crossing, server, { answer: await client.call(`${id}__act`, {}, { era, ...options }) })
  }
}
