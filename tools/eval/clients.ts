import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { z } from 'zod'
import { type RecordedCall, startRecordingServer } from '../../conformance/recording-server.ts'
import { exactly, type Measured, type Program } from '../report.ts'
import { startGoverned } from './governed.ts'
import { CLIENTS_DIR, installClients, installPython, PYTHON, pythonVersionOf, versionOf } from './peers.ts'

const CLIENT_MS_MAX = 60_000
const SERVER = 'customers'
const TOOL = `${SERVER}__find`
/** What the gateway tells an agent about a refused call. */
const REFUSAL = 'Refused by Sallyport'

interface ClientCase {
  readonly name: string
  readonly program: string
  /** Package whose version is reported. */
  readonly of: string
  readonly args?: readonly string[]
}

const CASES: readonly ClientCase[] = [
  { name: 'MCP SDK 2', program: 'sdk-2.mjs', of: '@modelcontextprotocol/client' },
  { name: 'MCP SDK 2, mode auto', program: 'sdk-2.mjs', of: '@modelcontextprotocol/client', args: ['auto'] },
  { name: 'MCP SDK 1', program: 'sdk-1.mjs', of: '@modelcontextprotocol/sdk' },
  { name: 'MCP Inspector CLI', program: 'inspector.mjs', of: '@modelcontextprotocol/inspector' },
  { name: 'OpenAI Agents', program: 'openai-agents.mjs', of: '@openai/agents' },
  { name: 'AI SDK', program: 'ai-sdk.mjs', of: '@ai-sdk/mcp' },
  { name: 'LangChain', program: 'langchain.mjs', of: '@langchain/mcp-adapters' },
  { name: 'Python mcp', program: 'python-mcp.py', of: 'mcp' },
]

/** Real clients, unmodified: each lists, makes one call the manifest allows and one it does not; the tool server counts. */
export const clients: Program = {
  about: 'real MCP clients against the gateway: list, allowed call, denied call, each checked at the tool server',
  async run({ note }) {
    installClients(note)
    const upstream = await startRecordingServer()
    const gateway = await startGoverned({
      servers: { [SERVER]: { transport: 'http', url: upstream.url } },
      grant: () => ({
        tools: { [`${SERVER}.find`]: { scope: 'read', tier: 'low', args: { properties: { region: { const: 'eu' } } } } },
      }),
    })
    try {
      const rows: Record<string, Row> = {}
      for (const one of CASES) {
        note(`client ${one.name}`)
        const before = upstream.calls.length
        const seen = await drive(one, { url: gateway.url, key: gateway.key, note })
        const fault = typeof seen === 'string' ? seen : faultOf(seen, upstream.calls.slice(before))
        const revision = upstream.calls[before]?.revision ?? 'none'
        rows[one.name] = { version: one.of === 'mcp' ? pythonVersionOf('mcp') : versionOf(one.of), revision, result: fault ?? 'ok' }
      }
      return measured(rows)
    } finally {
      await gateway.close()
      await upstream.close()
    }
  },
}

type Row = {
  readonly version: string
  /** Protocol revision in which the call reached the tool server; the gateway keeps to the client's own. */
  readonly revision: string
  readonly result: string
}

function measured(rows: Readonly<Record<string, Row>>): Measured {
  const passed = Object.values(rows).filter(({ result }) => result === 'ok').length
  return {
    figures: { clients: CASES.length, passed, failed: CASES.length - passed, results: rows },
    targets: { passed: exactly(passed, CASES.length) },
  }
}

const Answer = z.union([z.object({ returned: z.unknown() }), z.object({ threw: z.string() })])
const Seen = z.object({ listed: z.array(z.string()), allowed: Answer, denied: Answer })
type Seen = z.infer<typeof Seen>

/** Runs one client program. @returns What it saw, or why it could not be run. */
async function drive(
  { program, args = [] }: ClientCase,
  { url, key, note }: { url: string; key: string; note: (line: string) => void },
): Promise<Seen | string> {
  const isPython = program.endsWith('.py')
  try {
    if (isPython) installPython(note)
  } catch (error) {
    return `not installed: ${String(error)}`
  }
  const child = spawn(isPython ? PYTHON : process.execPath, [join(CLIENTS_DIR, program), url, key, TOOL, ...args], {
    cwd: CLIENTS_DIR,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: CLIENT_MS_MAX,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  await once(child, 'close')
  try {
    return Seen.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
  } catch {
    return `printed no result: ${(stderr || stdout).trim().slice(-500)}`
  }
}

/** What is wrong with what a client saw and the tool server counted; `undefined` when nothing is. */
function faultOf({ listed, allowed, denied }: Seen, calls: readonly RecordedCall[]): string | undefined {
  if (listed.length !== 1 || listed[0] !== TOOL) return `listed ${JSON.stringify(listed)} instead of the one granted tool`
  const [allowedText, deniedText] = [JSON.stringify(allowed), JSON.stringify(denied)]
  if (!allowedText.includes('Ada, Grace')) return `the allowed call gave ${allowedText.slice(0, 300)}`
  if (!deniedText.includes(REFUSAL)) return `the denied call gave ${deniedText.slice(0, 300)}`
  const counted = calls.map(({ tool, args }) => `${tool} ${String(args['region'])}`).join(', ')
  return counted === 'find eu' ? undefined : `the tool server saw "${counted}" instead of "find eu"`
}
