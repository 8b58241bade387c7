import type { KeyObject } from 'node:crypto'
import { GatewayError, type Json, type Scope } from '@sallyport/core'
import {
  type ControlAnswer,
  type ControlRequest,
  type FirstOwner,
  type Home,
  newPrivateKeyPem,
  parsePrivateKey,
  rawPublicKey,
  type Role,
  signableBytes,
  signEd25519,
  signRequest,
  VERBS,
  writeSecret,
} from '@sallyport/gateway'

/** What people decide before an agent goes live, as the example company describes it. */
export interface Company<Task extends string = string> {
  readonly agent: string
  /** Task types that get a key each. */
  readonly tasks: readonly Task[]
  /** The first one is the first owner. */
  readonly users: readonly CompanyUser[]
  /** Who reviews the tools. */
  readonly reviewer: string
  /** `server.tool` → what it does; a tool that is not listed stays hidden. */
  readonly effects: Readonly<Record<string, Scope>>
  readonly signatures: readonly { readonly user: string; readonly role: Role; readonly reason: string }[]
}

interface CompanyUser {
  readonly id: string
  readonly roles: readonly Role[]
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

export interface SeedOptions {
  readonly home: Pick<Home, 'userKeyFile'>
  /** The control plane, in this process or over the socket of a running gateway. */
  readonly call: (request: ControlRequest | FirstOwner) => Promise<ControlAnswer>
  readonly nowMs: () => number
}

type Ask = (user: string, verb: keyof typeof VERBS, input: Json) => Promise<Json>

/**
 * Does, through the control plane, what people do before an agent goes live: users with keys of their own, the agent with one
 * key per task, a review of every tool, and the signatures under the manifest. The tool servers must be running.
 * @returns The agent's keys by task type, to be shown once.
 * @throws GatewayError `CONFLICT` with the words of the control plane when it refuses, also when there are users already;
 * `UPSTREAM_UNAVAILABLE` when a tool server could not be asked.
 */
export async function seedCompany<Task extends string>(
  company: Company<Task>,
  options: SeedOptions,
): Promise<Readonly<Record<Task, string>>> {
  const people = new Map<string, KeyObject>()
  const ask: Ask = async (user, verb, input) =>
    outputOf(await options.call(signRequest({ user, verb, input }, keyOf(people, user), options.nowMs())))
  for (const user of company.users) {
    const register = newUser(user, people, options)
    if (people.size === 1) outputOf(await options.call({ firstOwner: register }))
    else await ask(ownerOf(company), 'user.create', register)
  }
  const keys = await createAgent(company, ask)
  await reviewTools(company, ask)
  await signManifest(company, people, ask)
  return keys
}

/** Makes a person's key pair, keeps the private half in the home folder and gives what the gateway is to know. */
function newUser(
  { id, roles, attributes }: CompanyUser,
  people: Map<string, KeyObject>,
  { home }: SeedOptions,
): FirstOwner['firstOwner'] {
  const file = home.userKeyFile(id)
  const pem = newPrivateKeyPem()
  const key = parsePrivateKey(pem, file)
  writeSecret(file, pem)
  people.set(id, key)
  return {
    user: id,
    roles: [...roles],
    attributes: { ...attributes },
    publicKey: Buffer.from(rawPublicKey(key)).toString('base64'),
  }
}

async function createAgent<Task extends string>(company: Company<Task>, ask: Ask): Promise<Record<Task, string>> {
  const keys: Partial<Record<Task, string>> = {}
  for (const [i, task] of company.tasks.entries()) {
    const verb = i === 0 ? 'agent.create' : 'agent.rotate'
    keys[task] = VERBS[verb].output.parse(await ask(ownerOf(company), verb, { agent: company.agent, task })).key.secret
  }
  return keys as Record<Task, string>
}

async function reviewTools(company: Company, ask: Ask): Promise<void> {
  const { tools, problems } = VERBS['tools.list'].output.parse(await ask(company.reviewer, 'tools.list', {}))
  const [problem] = problems
  if (problem !== undefined) throw new GatewayError('UPSTREAM_UNAVAILABLE', `${problem.server}: ${problem.problem}`)
  for (const { server, tool, hash } of tools) {
    const effect = company.effects[`${server}.${tool}`]
    if (effect !== undefined) await ask(company.reviewer, 'tools.approve', { server, tool, hash, effect })
  }
}

async function signManifest({ agent, signatures }: Company, people: ReadonlyMap<string, KeyObject>, ask: Ask): Promise<void> {
  for (const { user, role, reason } of signatures) {
    const { version, hash } = VERBS['manifest.show'].output.parse(await ask(user, 'manifest.show', { agent }))
    const signed = signEd25519(signableBytes({ agent, version, hash, role, reason, user }), keyOf(people, user))
    await ask(user, 'manifest.sign', { agent, version, hash, role, reason, signature: Buffer.from(signed).toString('base64') })
  }
}

function ownerOf(company: Company): string {
  return company.users[0]?.id ?? ''
}

function keyOf(people: ReadonlyMap<string, KeyObject>, user: string): KeyObject {
  const key = people.get(user)
  if (key === undefined) throw new GatewayError('CONFIG_INVALID', 'the company names a person it does not have')
  return key
}

function outputOf(answer: ControlAnswer): Json {
  if (answer.ok) return answer.output
  throw new GatewayError('CONFLICT', `the control plane refused: ${answer.code}: ${answer.message}`)
}
