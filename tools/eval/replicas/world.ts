import type { Json } from '@sallyport/core'
import { type Governed, govern } from '../../../packages/gateway/src/fixtures/govern.ts'
import {
  createDatabase,
  findPostgres,
  startPostgres,
  type Postgres,
  type TestDatabase,
} from '../../../packages/gateway/src/fixtures/postgres.ts'
import { startRecordingServer, text, tool } from '../../../packages/gateway/src/fixtures/recording-server.ts'
import { LIMITED, NOTE } from '../crash/company.ts'

export const CLERK = 'clerk'
export const TASK = 'work'
const SERVER = 'ledger'
/** Calls of the limited tool each of these agents has for the whole evaluation: the window outlasts it. */
export const CALLS_MAX = 40
const WINDOW_MS = 3_600_000

/** One call that reached the tool server, by the clock of this process. */
export interface Arrival {
  readonly tool: string
  readonly id: string
  readonly atMs: number
}

/** A database server, a tool server that remembers, and a home folder with everything people did; no gateway runs. */
export interface World {
  readonly governed: Governed
  readonly postgres: Postgres
  readonly database: TestDatabase
  readonly arrivals: readonly Arrival[]
  /** Agents to be isolated, one drill each. */
  readonly victims: readonly string[]
  /** Agents with a budget each. */
  readonly limited: readonly string[]
  close(): Promise<void>
}

/** @throws Error where PostgreSQL is not installed */
export async function openWorld({ victims, limited }: { readonly victims: number; readonly limited: number }): Promise<World> {
  const bin = findPostgres()
  if (bin === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  const arrivals: Arrival[] = []
  const tools = [NOTE, LIMITED].map((name) =>
    tool(name, ({ args }) => {
      arrivals.push({ tool: name, id: typeof args['id'] === 'string' ? args['id'] : '', atMs: performance.now() })
      return text('noted')
    }),
  )
  const closing: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (let end = closing.pop(); end; end = closing.pop()) await end()
  }
  try {
    const postgres = await startPostgres(bin)
    closing.push(() => postgres.remove())
    const server = await startRecordingServer({ tools })
    closing.push(() => server.close())
    const database = await createDatabase(postgres.adminUrl)
    const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}-${i + 1}`)
    const world = { victims: names('victim', victims), limited: names('limited', limited) }
    const plain = agent({ [`${SERVER}.${NOTE}`]: { scope: 'read', tier: 'low' } })
    const rateLimit = { callsMax: CALLS_MAX, windowMs: WINDOW_MS }
    const budgeted = agent({ [`${SERVER}.${LIMITED}`]: { scope: 'read', tier: 'low', rateLimit } })
    const governed = await govern({
      database,
      servers: { [SERVER]: { transport: 'http', url: server.url } },
      reviewed: { [SERVER]: tools.map(({ definition }) => [definition, 'read'] as const) },
      agents: Object.fromEntries([
        ...[CLERK, ...world.victims].map((name) => [name, plain]),
        ...world.limited.map((name) => [name, budgeted]),
      ]),
      config: { checkpointMs: 1_000 },
      start: false,
    })
    closing.push(() => governed.close())
    return { ...world, governed, postgres, database, arrivals, close }
  } catch (error) {
    await close()
    throw error
  }
}

function agent(tools: Readonly<Record<string, Json>>) {
  const manifest = { defaults: { rateLimit: { callsMax: 100_000, windowMs: 1_000 } } }
  return { manifest, tasks: { [TASK]: { tools } } }
}
