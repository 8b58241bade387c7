import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { JsonObject } from '@sallyport/core'
import { z } from 'zod'
import { govern } from '../../packages/gateway/src/fixtures/govern.ts'
import { providerConfig } from '../../packages/gateway/src/fixtures/model-client.ts'
import {
  type ProviderCall,
  type RecordingProvider,
  type Scripted,
  startRecordingProvider,
} from '../../packages/gateway/src/fixtures/recording-provider.ts'
import { callAnswer, textAnswer } from '../../packages/gateway/src/fixtures/wire-answers.ts'
import { exactly, type Figure, type Program } from '../report.ts'
import { CLIENTS_DIR, installClients, installPython, PYTHON, pythonVersionOf, versionOf } from './peers.ts'

const CLIENT_MS_MAX = 90_000
const STACK = 'Error: boom\n    at query (/srv/model/db.js:12:7) postgres://root:hunter2@db'

/** The client, and the package whose version is reported. */
const CLIENTS: Readonly<Record<string, string>> = {
  openai: 'openai',
  'openai-responses': 'openai',
  anthropic: '@anthropic-ai/sdk',
  'ai-openai': '@ai-sdk/openai',
  'ai-anthropic': '@ai-sdk/anthropic',
  langchain: '@langchain/openai',
  'openai-agents': '@openai/agents',
  'python-openai': 'openai',
  'python-anthropic': 'anthropic',
}

const Answered = z.object({ text: z.string(), calls: z.array(z.tuple([z.string(), z.unknown()])) })
const Threw = z.object({ threw: z.string(), status: z.number().nullable() })
const Seen = z.record(z.string(), z.union([Answered, Threw]))
type Seen = z.infer<typeof Seen>[string]

/** What each scenario has to come to; `undefined` when it did. */
const SCENARIOS: Readonly<Record<string, (seen: Seen, provider: Saw) => boolean>> = {
  chat: (seen) => 'text' in seen && seen.text === 'It is Paris.',
  stream: (seen) => 'text' in seen && seen.text === 'It is Paris.',
  tool: (seen) => 'calls' in seen && JSON.stringify(seen.calls) === '[["weather",{"city":"Paris"}]]',
  toolStream: (seen) => 'calls' in seen && JSON.stringify(seen.calls) === '[["weather",{"city":"Paris"}]]',
  parallel: (seen) => 'calls' in seen && seen.calls.length === 2,
  notGranted: (seen, { asked }) => 'threw' in seen && /model_not_in_manifest/.test(seen.threw) && !asked.includes('"other"'),
  secret: (seen, { asked }) => 'threw' in seen && /data_not_cleared/.test(seen.threw) && !asked.includes('ghp_'),
  failure: (seen) => 'threw' in seen && !/srv|hunter2|postgres/.test(JSON.stringify(seen)),
  cancel: (seen) => 'threw' in seen && /abort|cancel/i.test(seen.threw),
}
/** The Agents SDK takes no signal for a run, the Python libraries none for a request. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'openai-agents': ['cancel'],
  'python-openai': ['cancel'],
  'python-anthropic': ['cancel'],
}

interface Saw {
  /** Everything the provider was sent by this client. */
  readonly asked: string
}

/** R012: real clients, unmodified, with another base URL and key: the same decisions on every wire. */
export const wires: Program = {
  about: 'real OpenAI, Anthropic, AI SDK, LangChain and Agents clients through the gateway: chat, stream, tools, refusals, errors',
  async run({ note }) {
    installClients(note)
    installPython(note)
    const provider = await startRecordingProvider()
    provider.script = answer
    const approved = { approval: { by: 'security', evidence: 'x', expires: '2999-01-01' } }
    const governed = await govern({
      servers: {},
      agents: {
        clerk: { tasks: { work: { models: ['default', 'claude'], modelPolicy: { systemPrompt: 'allow' } } }, keys: keysOf() },
      },
      config: {
        providers: {
          main: providerConfig(provider.url),
          claude: providerConfig(provider.url, { kind: 'anthropic', models: { claude: approved } }),
        },
      },
    })
    try {
      const cells: Record<string, Figure> = {}
      const failed: string[] = []
      let count = 0
      for (const [client, of] of Object.entries(CLIENTS)) {
        const version = client.startsWith('python-') ? pythonVersionOf(of) : versionOf(of)
        note(`client ${client} ${version}`)
        const seen = await drive(client, { url: `${governed.url()}/a/clerk`, key: governed.secret('clerk', client), provider })
        for (const [name, isRight] of Object.entries(SCENARIOS)) {
          if (LEFT_OUT[client]?.includes(name)) continue
          count++
          const got = typeof seen === 'string' ? undefined : seen.answers[name]
          if (typeof seen !== 'string' && got && isRight(got, seen)) continue
          failed.push(`${client} ${name}: ${(typeof seen === 'string' ? seen : JSON.stringify(got)).slice(0, 300)}`)
        }
        cells[client] = version
      }
      const passed = count - failed.length
      return {
        figures: { clients: cells, scenarios: Object.keys(SCENARIOS).length, cells: count, passed, failed },
        targets: { passed: exactly(passed, count) },
      }
    } finally {
      await governed.close()
      await provider.close()
    }
  },
}

function keysOf(): Record<string, string> {
  return Object.fromEntries(Object.keys(CLIENTS).map((client) => [client, 'work']))
}

interface At {
  readonly url: string
  readonly key: string
  readonly provider: RecordingProvider
}

async function drive(
  client: string,
  { url, key, provider }: At,
): Promise<(Saw & { readonly answers: z.infer<typeof Seen> }) | string> {
  provider.calls.length = 0
  const [program, file] = client.startsWith('python-') ? [PYTHON, 'models.py'] : [process.execPath, 'models.mjs']
  const child = spawn(program, [join(CLIENTS_DIR, file), client, url, key], {
    cwd: CLIENTS_DIR,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CLIENT_MS_MAX,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  await once(child, 'close')
  try {
    return {
      answers: Seen.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')),
      asked: provider.calls.map(({ text }) => text).join('\n'),
    }
  } catch {
    return `printed no result: ${(stderr || stdout).trim().slice(-500)}`
  }
}

/** The scripted model: the words it is asked say what it does. */
function answer({ path, body, text }: ProviderCall): Scripted {
  const wire = path.includes('/messages') ? 'anthropic-messages' : path.includes('/responses') ? 'openai-responses' : 'openai-chat'
  const isStream = body['stream'] === true
  if (text.includes('"hang"')) return { end: 'hang' }
  if (text.includes('"fail"')) return { status: 500, body: { error: { message: STACK, type: 'server_error' } } as JsonObject }
  const isAnswered = /"role":"tool"|function_call_output|tool_result/.test(text)
  const cities = ['Paris', 'Rome'].filter((city) => text.includes(city))
  if (text.includes('weather of') && !isAnswered)
    return callAnswer(
      wire,
      cities.map((city) => ({ name: 'weather', args: { city } })),
      isStream,
    )
  return textAnswer(wire, isAnswered ? ['sunny'] : ['It is ', 'Paris.'], isStream)
}
