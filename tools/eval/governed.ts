import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { GatewayError, type Json } from '@sallyport/core'
import {
  callControl,
  newPrivateKeyPem,
  openHome,
  parsePrivateKey,
  rawPublicKey,
  type ROLES,
  signableBytes,
  signEd25519,
  signRequest,
  startGateway,
} from '@sallyport/gateway'
import { z } from 'zod'
import { profiled } from '../../packages/gateway/src/fixtures/govern.ts'

const AGENT = 'tester'
const TASK = 'all'
/** Two people, because one may not sign a manifest alone. */
const PEOPLE = {
  operator: { roles: ['owner', 'engineer'], signsAs: 'engineer' },
  reviewer: { roles: ['security'], signsAs: 'security' },
} as const
type Person = keyof typeof PEOPLE
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
  const keys = {
    operator: parsePrivateKey(newPrivateKeyPem(), 'operator'),
    reviewer: parsePrivateKey(newPrivateKeyPem(), 'reviewer'),
  }
  writeFileSync(home.configFile, JSON.stringify({ apiVersion: 'sallyport/v1', listen: { port: 0 }, servers: profiled(servers) }), {
    mode: 0o600,
  })
  const gateway = await startGateway({ homeDir })
  const close = async (): Promise<void> => {
    await gateway.close()
    rmSync(homeDir, { recursive: true, force: true })
  }

  try {
    const [owner, reviewer] = [person('operator'), person('reviewer')]
    unwrap(await callControl(home.controlSocket, { firstOwner: { ...owner, attributes: {} } }))
    await control('operator', 'user.create', reviewer)
    const { tools, problems } = Tools.parse(await control('reviewer', 'tools.list', {}))
    for (const { server, tool, hash, state } of tools)
      if (state === 'new') await control('reviewer', 'tools.approve', { server, tool, hash, effect: 'read' })
    const offered = tools.map(({ server, tool }) => `${server}.${tool}`)
    const { key } = Created.parse(await control('operator', 'agent.create', { agent: AGENT, task: TASK }))
    writeFileSync(join(home.manifestsDir, `${AGENT}.yaml`), JSON.stringify(manifestOf(grant(offered))), { mode: 0o600 })
    const version = await manifestInForce()
    await sign('operator', version)
    await sign('reviewer', version)
    return {
      url: `${gateway.url}/a/${AGENT}/mcp`,
      key: key.secret,
      offered,
      problems: problems.map(({ server, problem }) => `${server}: ${problem}`),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }

  function person(user: Person): { user: Person; roles: (typeof ROLES)[number][]; publicKey: string } {
    return { user, roles: [...PEOPLE[user].roles], publicKey: Buffer.from(rawPublicKey(keys[user])).toString('base64') }
  }

  async function control(user: Person, verb: string, input: Json): Promise<Json> {
    return unwrap(await callControl(home.controlSocket, signRequest({ verb, input, user }, keys[user], Date.now())))
  }

  async function manifestInForce(): Promise<Version> {
    for (const startMs = Date.now(); Date.now() - startMs < MANIFEST_MS_MAX; await wait(20)) {
      const found = Agents.parse(await control('operator', 'agent.list', {})).agents.find((agent) => agent.manifest !== undefined)
      if (found?.manifest) return found.manifest
    }
    throw new GatewayError('CONFIG_INVALID', 'the manifest did not come into force')
  }

  async function sign(user: Person, version: Version): Promise<void> {
    const signable = { agent: AGENT, ...version, role: PEOPLE[user].signsAs, reason: 'evaluation' }
    const signature = Buffer.from(signEd25519(signableBytes({ ...signable, user }), keys[user])).toString('base64')
    await control(user, 'manifest.sign', { ...signable, signature })
  }
}

function manifestOf(task: Json): Json {
  const defaults = { rateLimit: { callsMax: 100_000, windowMs: 60_000 } }
  return { apiVersion: 'sallyport/v1', agent: AGENT, owner: 'evaluation', purpose: 'evaluation', defaults, tasks: { [TASK]: task } }
}

const Tools = z.object({
  tools: z.array(z.object({ server: z.string(), tool: z.string(), hash: z.string(), state: z.string() })),
  problems: z.array(z.object({ server: z.string(), problem: z.string() })),
})
const Created = z.object({ key: z.object({ secret: z.string() }) })
const Version = z.object({ version: z.int(), hash: z.string() })
type Version = z.infer<typeof Version>
const Agents = z.object({ agents: z.array(z.object({ manifest: Version.optional() })) })

function unwrap(answer: Awaited<ReturnType<typeof callControl>>): Json {
  if (!answer) throw new GatewayError('STORE_UNAVAILABLE', 'no gateway listens on the control socket')
  if (!answer.ok) throw new GatewayError('INTERNAL', `${answer.code}: ${answer.message}`)
  return answer.output
}
