import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { GatewayError, type Json } from '@sallyport/core'
import { callControl, newPrivateKeyPem, openHome, parsePrivateKey, rawPublicKey, signRequest, startGateway } from '@sallyport/gateway'
import { z } from 'zod'

const AGENT = 'tester'
const TASK = 'all'
const OPERATOR = 'operator'
/** Longest wait for the gateway to follow a new manifest. */
const MANIFEST_MS_MAX = 10_000

/** A running gateway in a home folder of its own, with one agent. */
export interface Governed {
  /** The agent's MCP endpoint. */
  readonly url: string
  /** The agent's secret. */
  readonly key: string
  /** Tools the servers offer, as `server.tool`, in every state of review. */
  readonly offered: readonly string[]
  /** What kept a server from being listed, by server. */
  readonly problems: readonly string[]
  close(): Promise<void>
}

export interface GovernedOptions {
  /** Servers as in `sallyport.yaml`. */
  readonly servers: Readonly<Record<string, Json>>
  /** The agent's one task, made from what the servers turn out to offer. */
  readonly grant: (offered: readonly string[]) => Json
}

/** Every tool of `offered` as a reversible read: what an evaluation of protocols wants, not what a company should grant. */
export function grantTools(offered: readonly string[]): Record<string, Json> {
  return Object.fromEntries(offered.map((tool) => [tool, { scope: 'read', tier: 'low' }]))
}

/**
 * Does what an operator does with a new tool server: start the gateway with it, review what it offers, grant it to an agent,
 * and give the agent a key.
 */
export async function startGoverned({ servers, grant }: GovernedOptions): Promise<Governed> {
  const homeDir = mkdtempSync(join(tmpdir(), 'sallyport-eval-'))
  const home = openHome(homeDir, { create: true })
  const privateKey = parsePrivateKey(newPrivateKeyPem(), OPERATOR)
  writeFileSync(home.configFile, JSON.stringify({ apiVersion: 'sallyport/v1', listen: { port: 0 }, servers }), { mode: 0o600 })
  const gateway = await startGateway({ homeDir })
  const close = async (): Promise<void> => {
    await gateway.close()
    rmSync(homeDir, { recursive: true, force: true })
  }

  try {
    const publicKey = Buffer.from(rawPublicKey(privateKey)).toString('base64')
    unwrap(await callControl(home.controlSocket, { firstOwner: { user: OPERATOR, roles: ['owner', 'security', 'engineer'], attributes: {}, publicKey } }))
    const { tools, problems } = Tools.parse(await control('tools.list', {}))
    for (const { server, tool, hash, state } of tools) if (state === 'new') await control('tools.approve', { server, tool, hash, effect: 'read' })
    const offered = tools.map(({ server, tool }) => `${server}.${tool}`)
    const manifest = { apiVersion: 'sallyport/v1', agent: AGENT, owner: 'evaluation', purpose: 'evaluation', defaults: { rateLimit: { callsMax: 100_000 } }, tasks: { [TASK]: grant(offered) } }
    writeFileSync(join(home.manifestsDir, `${AGENT}.yaml`), JSON.stringify(manifest), { mode: 0o600 })
    const { key } = Created.parse(await control('agent.create', { agent: AGENT, task: TASK }))
    await manifestInForce()
    return { url: `${gateway.url}/a/${AGENT}/mcp`, key: key.secret, offered, problems: problems.map(({ server, problem }) => `${server}: ${problem}`), close }
  } catch (error) {
    await close()
    throw error
  }

  async function control(verb: string, input: Json): Promise<Json> {
    return unwrap(await callControl(home.controlSocket, signRequest({ verb, input, user: OPERATOR }, privateKey, Date.now())))
  }

  async function manifestInForce(): Promise<void> {
    for (const startMs = Date.now(); Date.now() - startMs < MANIFEST_MS_MAX; await wait(20)) {
      if (Agents.parse(await control('agent.list', {})).agents.some((agent) => agent.manifest !== undefined)) return
    }
    throw new GatewayError('CONFIG_INVALID', 'the manifest did not come into force')
  }
}

const Tools = z.object({
  tools: z.array(z.object({ server: z.string(), tool: z.string(), hash: z.string(), state: z.string() })),
  problems: z.array(z.object({ server: z.string(), problem: z.string() })),
})
const Created = z.object({ key: z.object({ secret: z.string() }) })
const Agents = z.object({ agents: z.array(z.object({ manifest: z.unknown().optional() })) })

function unwrap(answer: Awaited<ReturnType<typeof callControl>>): Json {
  if (!answer) throw new GatewayError('STORE_UNAVAILABLE', 'no gateway listens on the control socket')
  if (!answer.ok) throw new GatewayError('INTERNAL', `${answer.code}: ${answer.message}`)
  return answer.output
}
