import { randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { GatewayError, readEntries } from '@sallyport/core'
import {
  callControl,
  type Home,
  logReader,
  openHome,
  parsePrivateKey,
  readSecret,
  signLocalUserToken,
  startGateway,
} from '@sallyport/gateway'
import { z } from 'zod'
import { createExample, EXAMPLE_COMPANY, type ExampleTask, startExampleServers } from '../../example/index.ts'
import { seedCompany } from '../../seed-company.ts'

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'

/** A gateway with the example company behind it, in a temporary home folder. */
export interface World {
  readonly home: Home
  readonly homeDir: string
  readonly url: string
  /** The agent's keys, by task type. */
  readonly keys: Readonly<Record<ExampleTask, string>>
  /** Turns the agent's key for a task and a user's word into a session token, as an agent does for its user. */
  exchange(user: string, task: ExampleTask): Promise<string>
  /** Sets the guard aside for what comes in, so that what follows does not rest on it; the record says so. */
  setGuardAside(): Promise<void>
  /** Ends the gateway, so that its log is complete; the folder stays until `close`. */
  stopGateway(): Promise<void>
  close(): Promise<void>
}

/** @param manifest Text of the agent's manifest, instead of the example's. */
export async function openWorld(manifest?: string): Promise<World> {
  const homeDir = await mkdtemp(join(tmpdir(), 'sallyport-demo-'))
  const closing: (() => Promise<void>)[] = [() => rm(homeDir, { recursive: true, force: true })]
  const close = async () => {
    for (const end of closing.splice(0).toReversed()) await end()
  }
  try {
    const home = openHome(homeDir, { create: true })
    await createExample(homeDir, { listenPort: 0, ports: 'any', ...(manifest === undefined ? {} : { manifest }) })
    const servers = await startExampleServers(homeDir)
    closing.push(() => servers.close())
    const gateway = await startGateway({ homeDir })
    let stopped: Promise<void> | undefined
    const stopGateway = () => (stopped ??= gateway.close())
    closing.push(stopGateway)
    const keys = await seedCompany(EXAMPLE_COMPANY, { home, call: (request) => overSocket(home, request), nowMs: Date.now })
    return { home, homeDir, url: gateway.url, keys, exchange, setGuardAside: () => setGuardAside(home), stopGateway, close }

    async function exchange(user: string, task: ExampleTask): Promise<string> {
      const file = home.userKeyFile(user)
      const key = parsePrivateKey(readSecret(file), file)
      const subject = await signLocalUserToken({ user, jti: randomUUID() }, { key, nowMs: Date.now() })
      return exchangeToken(gateway.url, { agentKey: keys[task], subject })
    }
  } catch (error) {
    await close()
    throw error
  }
}

const EXCEPTION_MS = 3_600_000
const RELOAD_MS_MAX = 10_000
const STEP_MS = 20

/** Through the file, as a person would, and waits until the gateway has taken it over. */
async function setGuardAside(home: Home): Promise<void> {
  const loaded = await countLoads(home)
  const until = new Date(Date.now() + EXCEPTION_MS).toISOString()
  const reason = 'the demo shows what holds when every detector is blind'
  await appendFile(home.configFile, `guard:\n  exceptions: [{ stage: input, reason: ${reason}, until: "${until}" }]\n`)
  for (let waitedMs = 0; waitedMs < RELOAD_MS_MAX; waitedMs += STEP_MS) {
    if ((await countLoads(home)) > loaded) return
    await wait(STEP_MS)
  }
  throw new GatewayError('CONFIG_INVALID', 'the changed configuration was not taken over in time')
}

async function countLoads(home: Home): Promise<number> {
  let count = 0
  for await (const { entry } of readEntries(logReader(home.logDir)))
    if (entry.type === 'admin' && entry.verb === 'config.loaded') count++
  return count
}

async function overSocket(home: Home, request: Parameters<typeof callControl>[1]) {
  const answer = await callControl(home.controlSocket, request)
  if (answer === undefined) throw new GatewayError('STORE_UNAVAILABLE', 'no gateway listens on the control socket')
  return answer
}

/** @see RFC 8693, section 2.1 */
async function exchangeToken(url: string, tokens: { readonly agentKey: string; readonly subject: string }): Promise<string> {
  const response = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${tokens.agentKey}` },
    body: new URLSearchParams({ grant_type: TOKEN_EXCHANGE, subject_token: tokens.subject, subject_token_type: JWT }),
  })
  const answer: unknown = await response.json()
  const issued = z.object({ access_token: z.string() }).safeParse(answer)
  if (!issued.success) throw new GatewayError('IDENTITY_GRANT', `no session token: HTTP ${response.status}`)
  return issued.data.access_token
}
