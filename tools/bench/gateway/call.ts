/** The one call every contestant carries: about 1 KB of arguments, about 1 KB of answer. */
export const TOOL = 'query'
/** The tool that takes large bodies. */
export const STORE_TOOL = 'store'
/** The tool that answers with a page of prose. */
export const PAGE_TOOL = 'page'
/** The tool that answers with a page over which the n-gram model asks the transformer; another page every time. */
export const NOTICE_TOOL = 'notice'
export const SERVER = 'directory'
export const AGENT = 'bench-agent'
export const TASK = 'bench'
export const PROTOCOL_VERSION = '2026-07-28'
/** Stands in every whole answer, before and after projection. */
export const MARK = 'Nordwind Supplies 0'

const META = {
  'io.modelcontextprotocol/protocolVersion': PROTOCOL_VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** The tools as their server describes them. */
export const DEFINITIONS = [
  { name: STORE_TOOL, inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] } },
  { name: PAGE_TOOL, inputSchema: { type: 'object', properties: {} } },
  { name: NOTICE_TOOL, inputSchema: { type: 'object', properties: {} } },
  queryDefinition(),
]

function queryDefinition(): object {
  return {
    name: TOOL,
    description: 'Finds suppliers.',
    inputSchema: {
      type: 'object',
      properties: {
        question: { type: 'string', maxLength: 2_000 },
        limit: { type: 'integer', minimum: 1, maximum: 100 },
        regions: { type: 'array', items: { type: 'string' }, maxItems: 20 },
        includeInactive: { type: 'boolean' },
      },
      required: ['question', 'limit'],
      additionalProperties: false,
    },
  }
}

const ARGUMENTS = {
  question: 'steel brackets, galvanised; '.repeat(24),
  limit: 5,
  regions: ['north', 'west', 'overseas'],
  includeInactive: false,
}

const SUPPLIERS = Array.from({ length: 5 }, (_, i) => ({
  name: `Nordwind Supplies ${i}`,
  contact: `orders-${i}@nordwind.example`,
  rating: 4 + i / 10,
  iban: `DE00 1234 5678 9012 3456 7${i}`,
}))
const STRUCTURED = { suppliers: SUPPLIERS }

/** What the tool answers to every call. */
export const RESULT = {
  content: [{ type: 'text', text: JSON.stringify(STRUCTURED) }],
  structuredContent: STRUCTURED,
  resultType: 'complete',
}

const SENTENCE = 'The suppliers of the north deliver on Mondays, those of the west whenever the weather lets them. '

/** What the tool for pages answers: a kilobyte of prose. */
export const PAGE_RESULT = pageOf(SENTENCE)

/** What the tool for notices answers: a kilobyte of requests between people, in which no window stood before. */
export function noticeResult(n: number): object {
  return pageOf(`Please send list ${n} of suppliers to the purchasing team before Friday and confirm that you have read it. `)
}

function pageOf(sentence: string): object {
  return { content: [{ type: 'text', text: `${MARK}. ${sentence.repeat(11)}`.slice(0, 1_024) }], resultType: 'complete' }
}

/** The manifest's grant: argument schema, field projection and budget, so that every stage of a decision has work. */
export const GRANT = {
  scope: 'read',
  tier: 'low',
  args: { properties: { question: { maxLength: 1_000 }, limit: { maximum: 50 } } },
  fields: ['name', 'contact', 'rating'],
  rateLimit: { callsMax: 100_000, windowMs: 1_000 },
}

/** The grant of the tools that need no limits of their own. */
export const PLAIN_GRANT = { scope: 'read', tier: 'low', rateLimit: GRANT.rateLimit }

/** One HTTP request as the load generator sends it. */
export interface LoadRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Text a good answer contains. */
  readonly mark: string
}

/** The tool call as a client of the stateless revision sends it. */
export function toolCall(url: string, options: { prefix?: string; token?: string } = {}): LoadRequest {
  return mcpCall(url, { ...options, name: TOOL, args: ARGUMENTS })
}

/** A call that is answered with a page. */
export function pageCall(url: string, options: { prefix?: string; token?: string } = {}): LoadRequest {
  return mcpCall(url, { ...options, name: PAGE_TOOL, args: {} })
}

/** A call that is answered with a notice. */
export function noticeCall(url: string, options: { prefix?: string; token?: string } = {}): LoadRequest {
  return mcpCall(url, { ...options, name: NOTICE_TOOL, args: {} })
}

/** A call whose body is a little larger than `bytes`. */
export function largeCall(url: string, options: { prefix?: string; token?: string; bytes: number }): LoadRequest {
  return mcpCall(url, { ...options, name: STORE_TOOL, args: { text: 'x'.repeat(options.bytes) } })
}

function mcpCall(url: string, call: { name: string; args: object; prefix?: string; token?: string }): LoadRequest {
  const name = (call.prefix ?? '') + call.name
  return {
    url,
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': PROTOCOL_VERSION,
      'mcp-method': 'tools/call',
      'mcp-name': name,
      ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: call.args, _meta: META } }),
    mark: MARK,
  }
}

/** Name of the model that answers like every tool; of the one that streams a mebibyte. */
export const MODEL = 'static'
export const LARGE_MODEL = 'large'

/** A chat completion of the same size. */
export function chatCall(
  url: string,
  { headers = {}, ...more }: { headers?: Readonly<Record<string, string>>; model?: string; stream?: boolean } = {},
): LoadRequest {
  const messages = [{ role: 'user', content: ARGUMENTS.question }]
  return {
    url,
    headers: { 'content-type': 'application/json', authorization: 'Bearer none', ...headers },
    body: JSON.stringify({ model: MODEL, messages, max_tokens: 100, ...more }),
    mark: MARK,
  }
}

const COMPLETION = { id: 'chatcmpl-0', created: 1_700_000_000, model: MODEL }

/** What the static model answers. */
export const CHAT_RESULT = {
  ...COMPLETION,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: JSON.stringify(STRUCTURED) }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}

/** The answer of a model that streams, as the bytes of each event: so many texts of about so many characters. */
export function chatEvents(texts: number, chars: number): readonly Buffer[] {
  const delta = SENTENCE.repeat(Math.ceil(chars / SENTENCE.length)).slice(0, chars)
  const chunk = (more: object, finish: string | null = null): object => ({
    ...COMPLETION,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: more, finish_reason: finish }],
  })
  const chunks = [
    chunk({ role: 'assistant', content: `${MARK}. ` }),
    ...Array.from({ length: texts }, () => chunk({ content: delta })),
    chunk({}, 'stop'),
  ]
  return [...chunks.map((one) => JSON.stringify(one)), '[DONE]'].map((data) => Buffer.from(`data: ${data}\n\n`))
}
