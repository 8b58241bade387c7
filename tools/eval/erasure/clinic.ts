import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json, JsonObject } from '@sallyport/core'
import { openPool } from '@sallyport/gateway'
import type { ContentVault } from '../../../packages/gateway/src/content-vault.ts'
import type { AgentClient } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import { type Governed, govern } from '../../../packages/gateway/src/fixtures/govern.ts'
import { createDatabase, findPostgres, startPostgres, withClient } from '../../../packages/gateway/src/fixtures/postgres.ts'
import { startRecordingServer, structured, tool } from '../../../packages/gateway/src/fixtures/recording-server.ts'
import { replicate } from '../../../packages/gateway/src/fixtures/replicate.ts'
import { openLocalKeys } from '../../../packages/gateway/src/keys/local/index.ts'
import { startTransitServer } from '../../../packages/gateway/src/keys/vault-transit/fixtures/transit-server.ts'
import { openTransitKeys } from '../../../packages/gateway/src/keys/vault-transit/index.ts'
import { openPostgresVault } from '../../../packages/gateway/src/stores/postgres/vault.ts'
import { vaultAt } from '../../../packages/gateway/src/vault/fixtures/vault-at.ts'

/** One gateway of a clinic, as its agent and its people use it. */
export interface Door {
  agent(): AgentClient
  control(user: string, verb: string, input: Json): Promise<JsonObject>
}

/** A clinic whose agent's content is kept, over one adapter of every port. */
export interface Clinic {
  readonly governed: Governed
  readonly first: Door
  /** Another gateway over the same stores, with keys of its own in memory. */
  readonly replica?: Door
  /** Takes a backup of keys and contents now. The function it returns restores it, under the wrapping key as it is then. */
  backup(): Promise<() => Promise<ContentVault>>
  /** Every byte at rest. Stops the gateways first. */
  bytesAtRest(): Promise<Buffer>
  close(): Promise<void>
}

const AGENT = 'nurse'
const TASK = 'round'
const MANIFEST = {
  manifest: { retention: { class: 'phi' }, defaults: { rateLimit: { callsMax: 100_000, windowMs: 1_000 } } },
  tasks: {
    [TASK]: {
      tools: {
        'ehr.chart': {
          scope: 'read',
          tier: 'low',
          subject: 'patient',
          classes: ['pii', 'phi', 'pci'],
          keep: { input: true, output: true, class: 'phi' },
        },
      },
    },
  },
}

type Closing = (() => unknown)[]

/** SQLite and files in a home folder, and a key file. */
export async function openEmbeddedClinic(): Promise<Clinic> {
  const { closing, close, options } = await openTools()
  const governed = await govern(options)
  closing.push(() => governed.close())
  const { home } = governed
  return {
    governed,
    first: doorOf(governed),
    close,
    async backup() {
      const dir = join(home.dir, '..', 'backup')
      mkdirSync(dir)
      for (const name of ['vault.db', 'vault-keys.db']) cpSync(join(home.dir, name), join(dir, name))
      return async () => vaultAt({ dir, source: openLocalKeys(home.wrappingKeyFile) })
    },
    async bytesAtRest() {
      await governed.stop()
      return bytesBelow(home.dir)
    },
  }
}

/** PostgreSQL, a key server, and two gateways. @throws Error where PostgreSQL is not installed */
export async function openSharedClinic(): Promise<Clinic> {
  const { closing, close, options } = await openTools()
  const bin = findPostgres()
  if (bin === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  const postgres = await startPostgres(bin)
  closing.push(() => postgres.remove())
  const transit = await startTransitServer()
  closing.push(() => transit.close())
  await transit.createKey('sallyport')
  const database = await createDatabase(postgres.adminUrl)
  const keys = { source: 'vault-transit' as const, url: transit.url, key: 'sallyport', token: transit.token }
  const governed = await govern({ ...options, database, config: { vault: { keys } } })
  closing.push(() => governed.close())
  const second = await replicate(governed)
  closing.push(() => second.close())
  let restored = 0
  return {
    governed,
    first: doorOf(governed),
    replica: doorOf(second),
    close,
    async backup() {
      const dump = execFileSync('pg_dump', ['--no-owner', '--no-privileges', database.ownerUrl], { maxBuffer: 2 ** 30 })
      return async () => {
        const url = `${postgres.adminUrl}/restored_${++restored}`
        await withClient(`${postgres.adminUrl}/postgres`, (client) => client.query(`CREATE DATABASE restored_${restored}`))
        execFileSync('psql', ['--quiet', '--no-psqlrc', '-v', 'ON_ERROR_STOP=1', url], {
          input: dump,
          stdio: ['pipe', 'ignore', 'ignore'],
        })
        const pool = openPool({ url, connectionsMax: 2 })
        closing.push(() => pool.close())
        const source = openTransitKeys({ ...keys, mount: 'transit', allowPrivateNetwork: false })
        return vaultAt({ dir: governed.home.dir, store: openPostgresVault(pool), source })
      }
    },
    async bytesAtRest() {
      const dir = await withClient(
        `${postgres.adminUrl}/postgres`,
        async (client) => (await client.query<{ data_directory: string }>('SHOW data_directory')).rows[0]?.data_directory,
      )
      await second.close()
      await governed.stop()
      await postgres.stop()
      return Buffer.concat([bytesBelow(String(dir)), bytesBelow(governed.home.dir), bytesBelow(second.home.dir)])
    },
  }
}

async function openTools() {
  const closing: Closing = []
  const close = async (): Promise<void> => {
    for (let end = closing.pop(); end; end = closing.pop()) await end()
  }
  const tools = [tool('chart', ({ args }) => structured({ found: args['name'] ?? '', text: args['note'] ?? '' }))]
  const server = await startRecordingServer({ tools })
  closing.push(() => server.close())
  const reviewed = { ehr: tools.map(({ definition }) => [definition, 'read'] as const) }
  return {
    closing,
    close,
    options: { servers: { ehr: { transport: 'http', url: server.url } }, reviewed, agents: { [AGENT]: MANIFEST } },
  }
}

function doorOf(at: { client(agent: string, key: string): AgentClient } & Pick<Door, 'control'>): Door {
  return { agent: () => at.client(AGENT, TASK), control: (user, verb, input) => at.control(user, verb, input) }
}

function bytesBelow(dir: string): Buffer {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((item) => item.isFile())
  return Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))))
}
