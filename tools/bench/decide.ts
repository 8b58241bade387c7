import {
  type Action,
  type CompiledManifest,
  compileManifest,
  decide,
  type Facts,
  jcs,
  type JsonObject,
  Manifest,
  type Principal,
  sha256Hex,
} from '@sallyport/core'
import { hosts } from '../../packages/gateway/src/hosts.ts'
import { compileSchema } from '../../packages/gateway/src/schema.ts'
import { atMost, type Measured } from '../report.ts'

/** Many short rounds: the median then leaves out those in which another program had the core. */
const ROUNDS = 201
const CALLS = 500
const WARM_UP_CALLS = 20_000
/** Nanoseconds a decision over 100 grants may take, arguments checked. */
const DECISION_NS_MAX = 20_000
/** How much longer a decision may take with 1,000 agents than with one: noise of the machine, not growth. */
const AGENTS_FACTOR_MAX = 1.5

const args: JsonObject = {
  supplier: 'acme',
  amount: 120,
  department: 'facilities',
  note: 'x'.repeat(200),
  lines: [{ sku: 'a-1', quantity: 2 }],
}
const argsSchema: JsonObject = {
  type: 'object',
  properties: {
    supplier: { type: 'string', maxLength: 50, pattern: '^[a-z-]+$' },
    amount: { type: 'number', minimum: 0, maximum: 5_000 },
    department: { type: 'string' },
    note: { type: 'string', maxLength: 500 },
    lines: {
      type: 'array',
      maxItems: 100,
      items: {
        type: 'object',
        properties: { sku: { type: 'string' }, quantity: { type: 'integer' } },
        required: ['sku', 'quantity'],
      },
    },
  },
  required: ['supplier', 'amount'],
  additionalProperties: false,
}

/**
 * Time of one pure decision: identity, task, deny list, grant, pin, argument schema, entities, domains, budget. Median of the
 * rounds. The baseline finds the grant by a linear scan and does everything else alike, in the same run.
 */
export async function run(): Promise<Measured> {
  const figures: Record<string, number> = {}
  const add = (name: string, ns: number): void => {
    figures[name] = Math.round(ns)
  }
  let at100Ns = 0
  for (const grants of [10, 100, 1_000]) {
    const indexed = [compiled('agent-0', grants)]
    const [indexedNs, scannedNs] = compare(cases(indexed, grants), cases(indexed.map(scanned), grants))
    add(`at${grants}GrantsNs`, indexedNs)
    add(`at${grants}GrantsLinearScanNs`, scannedNs)
    if (grants === 100) at100Ns = indexedNs
  }
  const many = Array.from({ length: 1_000 }, (_, index) => compiled(`agent-${index}`, 10))
  const [oneNs, manyNs] = compare(cases([compiled('agent-0', 10)], 10), cases(many, 10))
  add('at1AgentNs', oneNs)
  add('at1000AgentsNs', manyNs)
  const growth = Number((manyNs / oneNs).toFixed(2))
  return {
    figures: { ...figures, growthFrom1To1000Agents: growth },
    targets: {
      at100GrantsNs: atMost(Math.round(at100Ns), DECISION_NS_MAX, ' ns'),
      growthFrom1To1000Agents: atMost(growth, AGENTS_FACTOR_MAX),
    },
  }
}

function compiled(agent: string, grants: number): CompiledManifest {
  const tools = Object.fromEntries(
    Array.from({ length: grants }, (_, index) => [
      `erp.tool${index}`,
      {
        scope: 'read',
        tier: 'low',
        entities: { department: '$user.department' },
        domains: ['company.com'],
        fields: ['name'],
        args: argsSchema,
        rateLimit: { callsMax: 100 },
      },
    ]),
  )
  const manifest = Manifest.parse({
    apiVersion: 'sallyport/v1',
    agent,
    owner: 'bench',
    purpose: 'bench',
    tasks: { work: { tools } },
    denied: ['mail.send', 'payments.*'],
  })
  const hash = sha256Hex(jcs(manifest as unknown as JsonObject))
  return compileManifest({ manifest, hash, version: 1, signed: true }, { compileSchema, hosts })
}

/** The same manifest with its grants in a list that is searched from the front. */
function scanned(manifest: CompiledManifest): CompiledManifest {
  const tasks = new Map(
    [...manifest.tasks].map(([name, task]) => [name, { ...task, tools: new ScannedMap([...task.tools]) }] as const),
  )
  return { ...manifest, tasks }
}

class ScannedMap<V> extends Map<string, V> {
  readonly #list: readonly (readonly [string, V])[]
  constructor(list: readonly (readonly [string, V])[]) {
    super()
    this.#list = list
  }
  override get(key: string): V | undefined {
    for (const [name, value] of this.#list) if (name === key) return value
    return undefined
  }
}

/** Median over the rounds of the mean time of one decision, in nanoseconds; the two sides take turns. */
function compare(left: readonly Case[], right: readonly Case[]): readonly [number, number] {
  decideAll(left, WARM_UP_CALLS)
  decideAll(right, WARM_UP_CALLS)
  const rounds = Array.from({ length: ROUNDS }, () => [decideAll(left, CALLS), decideAll(right, CALLS)] as const)
  return [median(rounds.map(([ns]) => ns)), median(rounds.map(([, ns]) => ns))]
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/** Calls over agents and grants in turn. */
function cases(manifests: readonly CompiledManifest[], grants: number): readonly Case[] {
  return Array.from({ length: 1_009 }, (_, index) =>
    caseOf(manifests[index % manifests.length] as CompiledManifest, (index * 7) % grants),
  )
}

interface Case {
  readonly principal: Principal
  readonly action: Action
  readonly facts: Facts
}

function caseOf(manifest: CompiledManifest, grant: number): Case {
  return {
    principal: {
      agent: manifest.agent,
      credential: 'bench',
      method: 'session_token',
      task: 'work',
      user: { id: 'alice', issuer: 'local', attributes: { department: 'facilities' } },
      session: 'bench',
      epoch: 0,
    },
    action: { kind: 'tool.call', server: 'erp', name: `tool${grant}`, args, digest: '' },
    facts: {
      nowMs: 0,
      manifest,
      isolation: { isolated: false, epoch: 0 },
      tool: { state: 'approved', effect: 'read' },
      budget: { reserved: true, keys: [] },
    },
  }
}

/** @throws Error when a decision is not the expected one: a bench of refusals would measure nothing. */
function decideAll(all: readonly Case[], calls: number): number {
  const startNs = process.hrtime.bigint()
  let allowed = 0
  for (let i = 0; i < calls; i++) {
    const { principal, action, facts } = all[i % all.length] as Case
    if (decide(principal, action, [], facts).enforced === 'allow') allowed++
  }
  const elapsedNs = Number(process.hrtime.bigint() - startNs)
  if (allowed !== calls) throw new Error('a decision of the bench was refused')
  return elapsedNs / calls
}
