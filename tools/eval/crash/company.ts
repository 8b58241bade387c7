import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Governed, govern } from '../../../packages/gateway/src/fixtures/govern.ts'
import { startCommand } from '../../bench/gateway/children.ts'

export const AGENT = 'clerk'
export const TASK = 'work'
const SERVER = 'ledger'
export const NOTE = 'note'
/** The tool whose budget must not be refilled by a restart. */
export const LIMITED = 'limited'
/** Calls of `limited` for the whole evaluation: its window outlasts it. */
export const LIMITED_CALLS_MAX = 24
const LIMITED_WINDOW_MS = 3_600_000
const ROOT = join(import.meta.dirname, '../../..')

const inputSchema = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'], additionalProperties: false }
/** The tools as their server describes them. */
export const DEFINITIONS = {
  [NOTE]: { name: NOTE, inputSchema },
  [LIMITED]: { name: LIMITED, inputSchema },
}

/** Name under which the agent sees a tool. */
export const seenAs = (tool: string): string => `${SERVER}__${tool}`

/** One `tools/call` that reached the tool server. */
export interface Act {
  readonly tool: string
  readonly id: string
  /** Whether its decision was on disk when it arrived. */
  readonly decided: boolean
}

/** A home folder with one agent and a recording tool server that runs; the gateway itself does not. */
export interface Company extends Governed {
  /** Every act so far, from the server's own file. */
  acts(): readonly Act[]
}

/** Makes the home folder on the disk of the repository, not in memory, so that `fdatasync` is real. */
export async function openCompany(): Promise<Company> {
  const parent = join(ROOT, 'node_modules', '.cache')
  mkdirSync(parent, { recursive: true })
  const grant = { scope: 'read', tier: 'low' }
  const governed = await govern({
    parent,
    servers: {},
    reviewed: { [SERVER]: Object.values(DEFINITIONS).map((definition) => [definition, 'read'] as const) },
    agents: {
      [AGENT]: {
        manifest: { defaults: { rateLimit: { callsMax: 100_000, windowMs: 1_000 } } },
        tasks: {
          [TASK]: {
            tools: {
              [`${SERVER}.${NOTE}`]: grant,
              [`${SERVER}.${LIMITED}`]: { ...grant, rateLimit: { callsMax: LIMITED_CALLS_MAX, windowMs: LIMITED_WINDOW_MS } },
            },
          },
        },
      },
    },
    start: false,
  })
  const actsFile = join(governed.home.dir, '..', 'acts')
  const commitKey = Buffer.from(governed.home.deriveKey('commit')).toString('hex')
  const program = join(import.meta.dirname, 'tool-server.ts')
  const server = await startCommand(
    ['--conditions=sallyport-source', program, actsFile, governed.home.logDir, commitKey],
    /^\{"url":"([^"]+)"\}$/m,
  ).catch(async (error: unknown) => {
    await governed.close()
    throw error
  })
  governed.writeConfig({ servers: { [SERVER]: { transport: 'http', url: `${server.url}/mcp` } } })
  return {
    ...governed,
    acts: () => linesOf(actsFile).map(parseAct),
    close: async () => {
      await server.stop()
      await governed.close()
    },
  }
}

function parseAct(line: string): Act {
  const [tool = '', id = '', decided] = line.split(' ')
  return { tool, id, decided: decided === 'decided' }
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}
