import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '@sallyport/core'
import { callControl, type Home, openHome, parsePrivateKey, readSecret, signLocalUserToken, startGateway } from '@sallyport/gateway'
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
    return { home, homeDir, url: gateway.url, keys, exchange, stopGateway, close }

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
