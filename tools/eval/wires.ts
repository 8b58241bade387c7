import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Json } from '@sallyport/core'
import { type ScriptedProvider, startProvider } from '../../conformance/providers/start-provider.ts'
import { type Governed, govern, reads } from '../../packages/gateway/src/fixtures/govern.ts'
import { providerConfig } from '../../packages/gateway/src/fixtures/model-client.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../../packages/gateway/src/fixtures/recording-server.ts'
import { exactly, type Figure, type Program } from '../report.ts'
import { CLIENTS_DIR, installClients, installPython, PYTHON, pythonVersionOf, versionOf } from './peers.ts'
import { type Around, type Judge, MORE, PLAIN, POLICED, SeenByScenario } from './wires/scenarios.ts'
import { scriptedModel } from './wires/scripted-model.ts'

const CLIENT_MS_MAX = 120_000

/** The program of each client, and the package whose version is reported. */
const CLIENTS: Readonly<Record<string, readonly [program: string, of: string]>> = {
  openai: ['openai.mjs', 'openai'],
  'openai-responses': ['openai-responses.mjs', 'openai'],
  anthropic: ['anthropic.mjs', '@anthropic-ai/sdk'],
  'ai-openai': ['ai-sdk.mjs', '@ai-sdk/openai'],
  'ai-openai-responses': ['ai-sdk.mjs', '@ai-sdk/openai'],
  'ai-anthropic': ['ai-sdk.mjs', '@ai-sdk/anthropic'],
  langchain: ['langchain.mjs', '@langchain/openai'],
  'openai-agents': ['openai-agents.mjs', '@openai/agents'],
  'python-openai': ['python.py', 'openai'],
  'python-anthropic': ['python.py', 'anthropic'],
}
/** The Python libraries take no signal for a request; they close the stream they read. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = { 'python-openai': ['cancel'], 'python-anthropic': ['cancel'] }

/** R012: real clients, unmodified, with another base URL and key: the same decisions on every wire. */
export const wires: Program = {
  about: 'real OpenAI, Anthropic, AI SDK, LangChain and Agents clients through the gateway: chat, stream, tools, refusals, errors',
  async run({ note, short }) {
    installClients(note)
    installPython(note)
    const provider = await startProvider(scriptedModel)
    const tools = await startRecordingServer({ tools: [tool('find', () => text('Ada, Grace')), tool('erase')] })
    const governed = await governedBy(provider.url, tools)
    const stage: Stage = { provider, tools, governed, note }
    try {
      const direct: Tally = { cells: {}, faults: [], count: 0 }
      const through: Tally = { cells: {}, faults: [], count: 0 }
      const decisions: Record<string, string> = {}
      for (const client of Object.keys(CLIENTS)) {
        if (!short) await tally(direct, client, await drive(client, { ...stage, to: 'provider' }))
        const before = (await governed.entries()).length
        await tally(through, client, await drive(client, { ...stage, to: 'gateway' }))
        decisions[client] = (await decisionsSince(governed, before)).join('\n')
      }
      const kinds = new Set(Object.values(decisions))
      const passed = through.count - through.faults.length
      return {
        figures: {
          versions: Object.fromEntries(Object.entries(CLIENTS).map(([client, [, of]]) => [client, versionOfClient(client, of)])),
          matrix: through.cells,
          cells: through.count,
          passed,
          failed: through.faults,
          ...(short
            ? {}
            : { directCells: direct.count, directPassed: direct.count - direct.faults.length, directFailed: direct.faults }),
          decisions: [...kinds].map((kind) => kind.split('\n')),
        },
        targets: { passed: exactly(passed, through.count), setsOfDecisions: exactly(kinds.size, 1) },
      }
    } finally {
      await governed.close()
      await provider.close()
      await tools.close()
    }
  },
}

interface Stage {
  readonly provider: ScriptedProvider
  readonly tools: RecordingServer
  readonly governed: Governed
  readonly note: (line: string) => void
}

interface Tally {
  readonly cells: Record<string, Figure>
  readonly faults: string[]
  count: number
}

type Run = Around & { readonly answers: ReturnType<typeof SeenByScenario.parse> | string }

function governedBy(url: string, tools: RecordingServer): Promise<Governed> {
  const approved = { approval: { by: 'security', evidence: 'x', expires: '2999-01-01' } }
  const work: Json = {
    models: ['default', 'claude'],
    modelPolicy: { systemPrompt: 'allow', deidentify: ['pci'], loop: { repeatsMax: 100_000 } },
    tools: reads('customers.find'),
  }
  const reviewed = ['find', 'erase'].map((name) => [tools.tools.get(name)?.definition, 'read'] as never)
  return govern({
    servers: { customers: { transport: 'http', url: tools.url } },
    reviewed: { customers: reviewed },
    agents: { clerk: { tasks: { work }, keys: Object.fromEntries(Object.keys(CLIENTS).map((client) => [client, 'work'])) } },
    config: {
      guard: { classes: { pci: 'redact' } },
      providers: {
        main: providerConfig(url),
        claude: providerConfig(url, { kind: 'anthropic', models: { claude: approved } }),
      },
    },
  })
}

/** Runs one client program against the provider itself, or through the gateway. */
async function drive(
  client: string,
  { provider, tools, governed, note, to }: Stage & { readonly to: Around['through'] },
): Promise<Run> {
  note(`client ${client} to the ${to}`)
  provider.requests.length = 0
  const toolCalls = tools.requests.length
  const [program] = CLIENTS[client] ?? ['']
  const base = `${governed.url()}/a/clerk`
  const args = to === 'gateway' ? [base, governed.secret('clerk', client), `${base}/mcp`] : [provider.url, 'sk-1']
  const file = join(CLIENTS_DIR, 'models', program)
  const child = spawn(program.endsWith('.py') ? PYTHON : process.execPath, [file, client, ...args], {
    cwd: CLIENTS_DIR,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CLIENT_MS_MAX,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  await once(child, 'close')
  const called = tools.requests.slice(toolCalls).filter(({ body }) => body?.['method'] === 'tools/call')
  const around: Around = {
    requests: [...provider.requests],
    toolCalls: called.map(({ body }) => String((body?.['params'] as { name?: string } | undefined)?.name)),
    through: to,
  }
  try {
    return { ...around, answers: SeenByScenario.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')) }
  } catch {
    return { ...around, answers: `printed no result: ${(stderr || stdout).trim().slice(-500)}` }
  }
}

async function tally(into: Tally, client: string, run: Run): Promise<void> {
  const { answers } = run
  const more = typeof answers === 'string' ? {} : Object.fromEntries(Object.entries(MORE).filter(([name]) => name in answers))
  const asked: Record<string, Judge> = { ...PLAIN, ...(run.through === 'gateway' ? POLICED : {}), ...more }
  const row: Record<string, Figure> = {}
  for (const [name, judge] of Object.entries(asked)) {
    if (LEFT_OUT[client]?.includes(name)) continue
    into.count++
    const seen = typeof answers === 'string' ? undefined : answers[name]
    const fault = seen ? await judge(seen, run) : typeof answers === 'string' ? answers : 'not printed'
    row[name] = fault === undefined ? 'ok' : 'failed'
    if (fault !== undefined) into.faults.push(`${client} ${name}: ${fault.slice(0, 300)}`)
  }
  into.cells[client] = row
}

/** Each different decision that one client brought about, whatever its wire: what was asked for, the effect, and why. */
async function decisionsSince(governed: Governed, index: number): Promise<readonly string[]> {
  const told = (await governed.entries()).slice(index).flatMap((entry) => {
    if (entry.type !== 'decision' || !/^(?:model\.call|tool\.call)$/.test(entry.action.kind)) return []
    const name = entry.action.name === 'claude' ? 'default' : entry.action.name
    return [`${entry.action.kind} ${name} ${entry.enforced} ${entry.reasons.join(' ')}`.trim()]
  })
  return [...new Set(told)].sort()
}

function versionOfClient(client: string, of: string): string {
  return client.startsWith('python-') ? pythonVersionOf(of) : versionOf(of)
}
