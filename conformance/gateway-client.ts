// What the conformance suite runs as its client: it puts a gateway in front of the scenario's server and lets an agent work
// through it, so that the requests the server sees are the gateway's own.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { z } from 'zod'
import { grantTools, startGoverned } from '../tools/eval/governed.ts'

const SERVER = 'scenario'
/** Resources and prompts of the scenarios; unlike tools they are not reviewed, so they are granted by name. */
const RESOURCES = ['file:///path/to/file%20name.txt', 'https://example.com/resource?id=123']
const PROMPTS = ['test_prompt']
/** Arguments that satisfy the tools of the scenarios; a tool takes what its schema names. `schema` is the first one the agent was shown. */
const ARGUMENTS: Readonly<Record<string, unknown>> = { a: 5, b: 3, region: 'us-west1', phone: '1', email: 'a@example.com' }
/** Arguments that satisfy every tool a client must not call, so that only its definition stands in the way. */
const ARGUMENTS_HIDDEN = { value: 'x', data: {}, items: ['x'], nil: null, field1: 'x', field2: 'x', score: 1.5 }

const [scenarioUrl = ''] = process.argv.slice(2)
const isModern = process.env['MCP_CONFORMANCE_PROTOCOL_VERSION'] === '2026-07-28'
const Calls = z.object({
  toolCalls: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })).default([]),
})
const { toolCalls } = Calls.parse(JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}'))

const reads = (names: readonly string[]): Record<string, Record<string, never>> =>
  Object.fromEntries(names.map((name) => [`${SERVER}.${name}`, {}]))
const gateway = await startGoverned({
  servers: { [SERVER]: { transport: 'http', url: scenarioUrl, prefix: '' } },
  grant: (tools) => ({
    tools: grantTools(tools),
    resources: reads(RESOURCES),
    prompts: reads(PROMPTS),
    clientFeatures: { elicitation: [SERVER], sampling: [SERVER], roots: [SERVER] },
  }),
})
try {
  for (const problem of gateway.problems) process.stderr.write(`${problem}\n`)
  if (gateway.problems.length > 0) process.exitCode = 1
  else await work()
} finally {
  await gateway.close()
}

/** Lists everything, then calls what the scenario asks for, or else every tool there is, and reads every resource and prompt. */
async function work(): Promise<void> {
  const client = new Client(
    { name: 'conformance-agent', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
      ...(isModern && { versionNegotiation: { mode: 'auto' as const } }),
    },
  )
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    const properties = 'requestedSchema' in params ? Object.keys(params.requestedSchema.properties) : []
    return { action: 'accept', content: properties.includes('confirmed') ? { confirmed: true } : {} }
  })
  const headers = { Authorization: `Bearer ${gateway.key}` }
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url), { requestInit: { headers } }))
  const { tools } = await client.listTools()
  // Also what the gateway hides: a tool that must not be called is asked for by name.
  const hidden = gateway.offered
    .map((tool) => tool.slice(SERVER.length + 1))
    .filter((name) => !tools.some((tool) => tool.name === name))
  const all = [
    ...tools.map(({ name, inputSchema }) => ({
      name,
      arguments: argumentsFor(inputSchema, { ...ARGUMENTS, schema: tools[0]?.inputSchema }),
    })),
    ...hidden.map((name) => ({ name, arguments: ARGUMENTS_HIDDEN })),
  ]
  for (const call of toolCalls.length > 0 ? toolCalls : all) await report(call.name, client.callTool(call))
  const { resources } = await client.listResources()
  for (const { uri } of resources) await report(uri, client.readResource({ uri }))
  const { prompts } = await client.listPrompts()
  for (const { name } of prompts) await report(name, client.getPrompt({ name, arguments: {} }))
  await client.close()
}

function argumentsFor(
  schema: { readonly properties?: Readonly<Record<string, unknown>> | undefined },
  known: typeof ARGUMENTS,
): Record<string, unknown> {
  return Object.fromEntries(Object.keys(schema.properties ?? {}).flatMap((name) => (name in known ? [[name, known[name]]] : [])))
}

/** The scenario judges; what the agent got goes to the suite's record of this run. */
async function report(what: string, answer: Promise<unknown>): Promise<void> {
  const shown = await answer.then(
    (result) => JSON.stringify(result),
    (error: unknown) => String(error),
  )
  process.stdout.write(`${what}: ${shown}\n`)
}
