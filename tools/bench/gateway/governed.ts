import type { KeyObject } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Json } from '@sallyport/core'
import {
  type ControlAnswer,
  type ControlRequest,
  type FirstOwner,
  type Home,
  VERBS,
  callControl,
  newPrivateKeyPem,
  openHome,
  parsePrivateKey,
  rawPublicKey,
  readSecret,
  signEd25519,
  signRequest,
  signableBytes,
  writeSecret,
} from '@sallyport/gateway'
import { providerConfig } from '../../../packages/gateway/src/fixtures/model-client.ts'
import { AGENT, GRANT, LARGE_MODEL, MODEL, NOTICE_TOOL, PAGE_TOOL, PLAIN_GRANT, SERVER, STORE_TOOL, TASK, TOOL } from './call.ts'
import { type ServerChild, startCommand } from './children.ts'

const ROOT = join(import.meta.dirname, '../../..')
/** Two people, because one may not sign a manifest alone. */
const PEOPLE = {
  operator: { roles: ['owner', 'engineer'], signsAs: 'engineer' },
  reviewer: { roles: ['security'], signsAs: 'security' },
} as const
type Person = keyof typeof PEOPLE
type PersonRecord = FirstOwner['firstOwner']
const UP_MS_MAX = 20_000
const POLL_MS = 5
const APPROVED = { approval: { by: 'security', evidence: 'measurement', expires: '2999-01-01' } }
/** Prefix of the names agents see. */
export const PREFIX = `${SERVER}__`

/** A home folder with one agent, one reviewed tool server and a key: what `sallyport up` needs to govern calls. */
export interface GovernedHome {
  readonly home: Home
  /** The agent's MCP endpoint. */
  readonly url: string
  /** The agent's base URL for OpenAI clients. */
  readonly modelsUrl: string
  readonly token: string
  readonly remove: () => void
}

export interface Governed extends ServerChild {
  /** Address of the inspector, when it was asked for. */
  readonly inspectorUrl: string
}

interface HomeWish {
  /** Other members of `sallyport.yaml`. */
  readonly config?: object
  /** Called before the first start, with whatever of the past the home is to have. */
  readonly before?: (home: Home) => Promise<void>
}

/** Makes the home folder on the disk of the repository, not in memory, so that `fdatasync` is real. */
export async function prepareHome(upstreamUrl: string, wish: HomeWish = {}): Promise<GovernedHome> {
  const parent = join(ROOT, 'node_modules', '.cache')
  mkdirSync(parent, { recursive: true })
  const dir = mkdtempSync(join(parent, 'bench-'))
  const port = await freePort()
  const home = openHome(dir, { create: true })
  const config = {
    apiVersion: 'sallyport/v1',
    listen: { host: '127.0.0.1', port },
    servers: { [SERVER]: { transport: 'http', url: `${upstreamUrl}/mcp`, source: { channel: 'tool', classes: [] } } },
    providers: { static: providerConfig(upstreamUrl, { models: { [MODEL]: APPROVED, [LARGE_MODEL]: APPROVED } }) },
    ...wish.config,
  }
  // JSON is YAML.
  writeFileSync(home.configFile, JSON.stringify(config), { mode: 0o600 })
  writeFileSync(join(home.manifestsDir, `${AGENT}.yaml`), JSON.stringify(manifest()), { mode: 0o600 })
  // With keys of people already there, the first start does not make an owner of its own.
  for (const user of ['operator', 'reviewer']) writeSecret(home.userKeyFile(user), newPrivateKeyPem())
  await wish.before?.(home)
  const gateway = await startGateway(home)
  try {
    return {
      home,
      url: `http://127.0.0.1:${port}/a/${AGENT}/mcp`,
      modelsUrl: `http://127.0.0.1:${port}/a/${AGENT}/v1`,
      token: await seed(home),
      remove: () => rmSync(dir, { recursive: true, force: true }),
    }
  } finally {
    await gateway.stop()
  }
}

/** Starts the gateway as a person would, as a process of its own. `blind`: its detectors see nothing. */
export async function startGateway(home: Home, options: { inspect?: boolean; blind?: boolean } = {}): Promise<Governed> {
  const main = join(ROOT, 'packages/cli/src/main.ts')
  const flags = [
    '--conditions=sallyport-source',
    // As `npm start` has it.
    '--max-semi-space-size=4',
    '--disable-warning=ExperimentalWarning',
    ...(options.blind ? ['--import', join(import.meta.dirname, 'blind.ts')] : []),
    ...(options.inspect ? ['--inspect=127.0.0.1:0'] : []),
  ]
  const ready = options.inspect ? /Debugger listening on (ws:\S+)/ : /(http:\/\/127\.0\.0\.1:\d+)/
  const child = await startCommand([...flags, main, 'up'], ready, { SALLYPORT_HOME: home.dir })
  const endMs = performance.now() + UP_MS_MAX
  while ((await ask(home, undefined)) === undefined) {
    if (performance.now() > endMs || !child.isAlive()) throw new Error('the gateway did not open its control socket')
    await delay(POLL_MS)
  }
  return { ...child, inspectorUrl: options.inspect ? child.url : '' }
}

function manifest(): object {
  return {
    apiVersion: 'sallyport/v1',
    agent: AGENT,
    owner: 'bench',
    purpose: 'measurement',
    defaults: { rateLimit: { callsMax: 100_000, windowMs: 1_000 } },
    tasks: {
      [TASK]: {
        models: [MODEL, LARGE_MODEL],
        // Every call of a load is the same.
        modelPolicy: { loop: { repeatsMax: 100_000, windowMs: 1_000 } },
        tools: {
          [`${SERVER}.${TOOL}`]: GRANT,
          ...Object.fromEntries(
            [STORE_TOOL, NOTICE_TOOL, PAGE_TOOL, NOTICE_TOOL].map((tool) => [`${SERVER}.${tool}`, PLAIN_GRANT]),
          ),
        },
      },
    },
  }
}

/** What people do before an agent goes live: two users, a key, a review of every tool, both signatures under the manifest. */
async function seed(home: Home): Promise<string> {
  const keys = { operator: readKey(home, 'operator'), reviewer: readKey(home, 'reviewer') }
  const person = (user: Person): PersonRecord => ({
    user,
    roles: [...PEOPLE[user].roles],
    attributes: {},
    publicKey: Buffer.from(rawPublicKey(keys[user])).toString('base64'),
  })
  const call = async (user: Person, verb: keyof typeof VERBS, input: Json): Promise<Json> =>
    outputOf(await ask(home, signRequest({ user, verb, input }, keys[user], Date.now())))
  outputOf(await ask(home, { firstOwner: person('operator') }))
  await call('operator', 'user.create', person('reviewer'))
  const created = VERBS['agent.create'].output.parse(await call('operator', 'agent.create', { agent: AGENT, task: TASK }))
  const { tools } = VERBS['tools.list'].output.parse(await call('reviewer', 'tools.list', {}))
  for (const { server, tool, hash } of tools) await call('reviewer', 'tools.approve', { server, tool, hash, effect: 'read' })
  const { version, hash } = VERBS['manifest.show'].output.parse(await call('operator', 'manifest.show', { agent: AGENT }))
  for (const user of ['operator', 'reviewer'] as const) {
    const signable = { agent: AGENT, version, hash, role: PEOPLE[user].signsAs, reason: 'measurement' }
    const signature = Buffer.from(signEd25519(signableBytes({ ...signable, user }), keys[user])).toString('base64')
    await call(user, 'manifest.sign', { ...signable, signature })
  }
  return created.key.secret
}

function readKey(home: Home, user: Person): KeyObject {
  return parsePrivateKey(readSecret(home.userKeyFile(user)), user)
}

/** `undefined` while nothing listens. Without a request, asks something that is refused, to see whether somebody is there. */
function ask(home: Home, request: ControlRequest | FirstOwner | undefined): Promise<ControlAnswer | undefined> {
  return callControl(home.controlSocket, request ?? ({} as ControlRequest))
}

function outputOf(answer: ControlAnswer | undefined): Json {
  if (answer?.ok) return answer.output
  throw new Error(`the control plane refused: ${answer ? `${answer.code}: ${answer.message}` : 'nobody there'}`)
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
