// What every model client here does: real libraries, unmodified, with another base URL and key. Each scenario is one run of an
// agent that asks a model, calls the tools it is told to call, and asks again; what the library made of it is printed as one JSON
// line. The tools named `customers__*` are called over MCP, the other one is the agent's own.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

const [, , clientName = '', url = '', key = '', mcpUrl = ''] = process.argv
export { clientName, key, url }

/** Turns after which an agent gives up. */
export const TURNS_MAX = 4
const schemaOf = (name) => ({
  type: 'object',
  properties: { [name]: { type: 'string' } },
  required: [name],
  additionalProperties: false,
})
const WEATHER = {
  name: 'weather',
  description: 'The weather of a city.',
  schema: schemaOf('city'),
  run: ({ city }) => `${city}: sunny`,
}
const overMcp = (name, description) => ({ name, description, schema: schemaOf('region'), run: (args) => callMcp(name, args) })
const CUSTOMERS = [overMcp('customers__find', 'Finds customers.'), overMcp('customers__erase', 'Erases customers.')]

let mcp
async function callMcp(name, args) {
  if (!mcp) {
    mcp = new Client({ name: 'agent', version: '1.0.0' })
    const headers = { Authorization: `Bearer ${key}` }
    await mcp.connect(new StreamableHTTPClientTransport(new URL(mcpUrl), { requestInit: { headers } }))
  }
  // What a tool refuses is a result to an agent, not its end.
  const result = await mcp
    .callTool({ name, arguments: args })
    .catch((error) => ({ content: [{ type: 'text', text: error.message }] }))
  return result.content.map(({ text }) => text).join('')
}

const QUESTION = 'What is the capital of France?'
const SECRET = ['ghp', '16C7e42F292c6912E7710c838347Ae178B4a'].join('_')
/** Options of one run, by scenario; the scripted model goes by the words of the prompt. */
const SCENARIOS = {
  chat: { prompt: QUESTION },
  stream: { prompt: QUESTION, stream: true },
  tool: { prompt: 'weather of Paris', tools: [WEATHER] },
  toolStream: { prompt: 'weather of Paris', tools: [WEATHER], stream: true },
  parallel: { prompt: 'weather of Paris and Rome', tools: [WEATHER] },
  parallelStream: { prompt: 'weather of Paris and Rome', tools: [WEATHER], stream: true },
  reasoning: { prompt: 'think of Paris', stream: true },
  failure: { prompt: 'fault status 500' },
  limited: { prompt: 'fault status 429' },
  invalid: { prompt: 'fault status 400' },
  reset: { prompt: 'fault reset' },
  half: { prompt: 'fault half', stream: true },
  malformed: { prompt: 'fault malformed', stream: true },
  givesUp: { prompt: 'fault gives-up', stream: true },
  cancel: { prompt: 'fault hang', cutMs: 300 },
  cancelStream: { prompt: 'fault stall', stream: true, cutMs: 600 },
}
/** Where a gateway decides. */
const POLICED = {
  notGranted: { prompt: QUESTION, model: 'other' },
  notGrantedStream: { prompt: QUESTION, model: 'other', stream: true },
  secret: { prompt: `the key is ${SECRET}` },
  secretStream: { prompt: `the key is ${SECRET}`, stream: true },
  masked: { prompt: 'my card is 4111 1111 1111 1111' },
  toolAllowed: { prompt: 'find customers', tools: CUSTOMERS },
  toolDenied: { prompt: 'erase customers', tools: CUSTOMERS },
}

/**
 * @param run Takes `{ prompt, tools, stream, model, signal, onCall }` and gives the last text; it tells `onCall` of each call before
 * it makes it.
 * @param more Scenarios of this library alone: each a function that gives text.
 */
export async function report(run, more = {}) {
  const seen = {}
  for (const [name, { cutMs, ...options }] of Object.entries({ ...SCENARIOS, ...(mcpUrl ? POLICED : {}) })) {
    const calls = []
    const signal = cutMs === undefined ? undefined : AbortSignal.timeout(cutMs)
    const onCall = (tool, args) => calls.push([tool, args])
    await answer(seen, name, async () => ({ text: await run({ tools: [], ...options, signal, onCall }), calls }))
  }
  for (const [name, step] of Object.entries(more)) await answer(seen, name, async () => ({ text: await step(), calls: [] }))
  process.stdout.write(`${JSON.stringify(seen)}\n`)
  process.exit(0)
}

async function answer(seen, name, step) {
  try {
    seen[name] = await step()
  } catch (error) {
    seen[name] = {
      threw: String(error?.message ?? error),
      name: String(error?.name ?? ''),
      status: error?.status ?? error?.statusCode ?? null,
    }
  }
}

/** Does what a model asked for. */
export function use(tools, { name, args, onCall }) {
  onCall(name, args)
  return tools.find((tool) => tool.name === name)?.run(args) ?? 'no such tool'
}
