import type { KeyObject } from 'node:crypto'
import { GatewayError, type Json } from '@sallyport/core'
import {
  type ControlAnswer,
  type ControlRequest,
  type FirstOwner,
  type Home,
  newPrivateKeyPem,
  parsePrivateKey,
  rawPublicKey,
  signableBytes,
  signEd25519,
  signRequest,
  VERBS,
  writeSecret,
} from '@sallyport/gateway'
import { EXAMPLE_AGENT, EXAMPLE_SIGNATURES, EXAMPLE_TASKS, EXAMPLE_USERS, exampleEffects, type ExampleTask } from './company-manifest.ts'

export interface SeedOptions {
  readonly home: Pick<Home, 'userKeyFile'>
  /** The control plane, in this process or over the socket of a running gateway. */
  readonly call: (request: ControlRequest | FirstOwner) => Promise<ControlAnswer>
  readonly nowMs: () => number
}

/** Secrets to show once. */
export interface Seeded {
  readonly agent: string
  /** The agent's keys, by the task type each is for. */
  readonly keys: Readonly<Record<ExampleTask, string>>
}

type UserId = (typeof EXAMPLE_USERS)[number]['id']
type Ask = (user: UserId, verb: keyof typeof VERBS, input: Json) => Promise<Json>

/**
 * Does, through the control plane, what people do before an agent goes live: users with keys of their own, the agent with one
 * key per task, a review of every tool, and two signatures under the manifest. The tool servers must be running.
 * @throws GatewayError with the code the control plane refused with; `CONFLICT` when there are users already.
 */
export async function seedExample(options: SeedOptions): Promise<Seeded> {
  const people = new Map<UserId, KeyObject>()
  const ask: Ask = async (user, verb, input) => {
    const key = people.get(user)
    if (key === undefined) throw new GatewayError('INTERNAL', 'the user has no key yet')
    return outputOf(await options.call(signRequest({ user, verb, input }, key, options.nowMs())))
  }
  await createUsers(options, people, ask)
  const keys = await createAgent(ask)
  await reviewTools(ask)
  await signManifest(people, ask)
  return { agent: EXAMPLE_AGENT, keys }
}

async function createUsers(options: SeedOptions, people: Map<UserId, KeyObject>, ask: Ask): Promise<void> {
  for (const { id, roles, attributes } of EXAMPLE_USERS) {
    const file = options.home.userKeyFile(id)
    const pem = newPrivateKeyPem()
    const key = parsePrivateKey(pem, file)
    const user = { user: id, roles: [...roles], attributes, publicKey: Buffer.from(rawPublicKey(key)).toString('base64') }
    if (people.size === 0) outputOf(await options.call({ firstOwner: user }))
    else await ask('alice', 'user.create', user)
    writeSecret(file, pem)
    people.set(id, key)
  }
}

async function createAgent(ask: Ask): Promise<Record<ExampleTask, string>> {
  const [first, second] = EXAMPLE_TASKS
  const created = await ask('alice', 'agent.create', { agent: EXAMPLE_AGENT, task: first })
  const other = await ask('alice', 'agent.rotate', { agent: EXAMPLE_AGENT, task: second })
  return {
    [first]: VERBS['agent.create'].output.parse(created).key.secret,
    [second]: VERBS['agent.rotate'].output.parse(other).key.secret,
  }
}

async function reviewTools(ask: Ask): Promise<void> {
  const { tools, problems } = VERBS['tools.list'].output.parse(await ask('bob', 'tools.list', {}))
  const [problem] = problems
  if (problem !== undefined) throw new GatewayError('UPSTREAM_UNAVAILABLE', `${problem.server}: ${problem.problem}`)
  for (const { server, tool, hash } of tools) {
    const effect = exampleEffects[`${server}.${tool}`]
    if (effect !== undefined) await ask('bob', 'tools.approve', { server, tool, hash, effect })
  }
}

async function signManifest(people: ReadonlyMap<UserId, KeyObject>, ask: Ask): Promise<void> {
  const { version, hash } = VERBS['manifest.show'].output.parse(await ask('alice', 'manifest.show', { agent: EXAMPLE_AGENT }))
  for (const { user, role, reason } of EXAMPLE_SIGNATURES) {
    const key = people.get(user)
    if (key === undefined) throw new GatewayError('INTERNAL', 'the user has no key yet')
    const signed = signEd25519(signableBytes({ agent: EXAMPLE_AGENT, version, hash, role, reason, user }), key)
    await ask(user, 'manifest.sign', { agent: EXAMPLE_AGENT, version, hash, role, reason, signature: Buffer.from(signed).toString('base64') })
  }
}

function outputOf(answer: ControlAnswer): Json {
  if (answer.ok) return answer.output
  throw new GatewayError('CONFLICT', `the control plane refused: ${answer.code}: ${answer.message}`)
}
