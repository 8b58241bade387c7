import { GatewayError, isGatewayError } from '../errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'
import {
  GATED_SCOPES,
  type CLIENT_FEATURES,
  type Manifest,
  type OBSERVABLE_RULES,
  type ReadGrant,
  type Scope,
  type Tier,
  type ToolGrant,
} from '../model/manifest.ts'
import type { ModelBudget } from '../model/model-budget.ts'
import type { RateLimit } from '../model/rate-limit.ts'
import type { Validate } from '../model/tool-facts.ts'
import type { Hosts } from '../ports/hosts.ts'
import { compileModels, type CompiledModels } from './compile-models.ts'
import { compileContent, type ContentPolicy } from './content-policy.ts'
import { compileDomains, type DomainRule } from './domains.ts'
import { compileEntities, type EntityRule } from './entities.ts'
import { own, proposalOf, readProposalOf, type Proposal } from './proposals.ts'
import { compileResources, type ResourceIndex } from './resources.ts'
import { settle } from './settle.ts'
import { compileTopics, type TopicRule } from './topics.ts'

export type ClientFeature = (typeof CLIENT_FEATURES)[number]
export type ObservableRule = (typeof OBSERVABLE_RULES)[number]

/** A tool grant, ready to be asked: schema compiled, domains in ASCII, entities parsed. */
export interface CompiledGrant {
  readonly tool: string
  readonly scope: Scope
  readonly tier: Tier
  readonly userRequired: boolean
  /** Whether scope, tier or the grant itself makes every call wait for a person. */
  readonly gated: boolean
  /** How many different people must approve, and the numbers from which two must, by dotted name. */
  readonly people: { readonly least: number; readonly fourEyesFrom: Readonly<Record<string, number>> }
  /** Why the grant awaits signatures; absent when it is active. */
  readonly proposed?: Proposal
  readonly args?: Validate
  readonly entities: readonly EntityRule[]
  readonly fields?: readonly string[]
  readonly domains?: DomainRule
  /** Where the value of a field must come from: `user`, or `server.tool`; by dotted name. */
  readonly provenance: Readonly<Record<string, readonly string[]>>
  /** Values that need no other endorsement, by dotted name; `bound` where an entity lets only the verified one pass. */
  readonly approved: Readonly<Record<string, readonly (string | number)[] | 'bound'>>
  readonly rateLimit?: RateLimit
  /** What its content is about and whether it is kept; absent where the grant does not say. */
  readonly content?: ContentPolicy
}

/** A resource or prompt grant. `key` is the name the manifest gives it: `server.uri`, `server.template` or `server.prompt`. */
export interface CompiledReadGrant {
  readonly key: string
  readonly tier: Tier
  readonly userRequired: boolean
  readonly gated: boolean
  readonly proposed?: Proposal
  readonly rateLimit?: RateLimit
}

export interface CompiledTask {
  /** What it is for, as people signed it; absent where they did not, or not yet. */
  readonly purpose?: string
  /** By `server.tool`. */
  readonly tools: ReadonlyMap<string, CompiledGrant>
  readonly resources: ResourceIndex<CompiledReadGrant>
  /** By `server.prompt`. */
  readonly prompts: ReadonlyMap<string, CompiledReadGrant>
  /** Servers that may use a feature of the agent's client. */
  readonly clientFeatures: ReadonlyMap<ClientFeature, ReadonlySet<string>>
  /** What its texts must be about; absent where the manifest does not say. */
  readonly topics?: TopicRule
  readonly models: CompiledModels
}

/**
 * A manifest as `decide` asks it: every question is a look-up by name, so that a decision takes the same time whatever the
 * number of grants. In a version that is not fully signed, everything that widens the last signed one is held back.
 */
export interface CompiledManifest {
  readonly hash: string
  readonly version: number
  readonly signed: boolean
  readonly agent: string
  /** Roles that must sign: those of the last fully signed version, so that no version names its own judges. */
  readonly signOff: readonly string[]
  /** Longest wait for people, in milliseconds. */
  readonly approvalTimeoutMs: number
  /** All calls of the agent together. */
  readonly rateLimit: RateLimit
  /** Of all its model calls. */
  readonly modelBudgets: readonly ModelBudget[]
  readonly observe: ReadonlySet<ObservableRule>
  /** `server.tool` and `server.*`. */
  readonly denied: ReadonlySet<string>
  readonly tasks: ReadonlyMap<string, CompiledTask>
  /** What awaits signatures, for people: path in the manifest, and why. */
  readonly proposed: readonly Proposal[]
}

export interface ManifestVersion {
  readonly manifest: Manifest
  /** SHA-256 of the JCS form, lower-case hex. */
  readonly hash: string
  readonly version: number
  /** Whether every role of `signOff` has signed this hash, each by a different person. */
  readonly signed: boolean
  /** The last fully signed version; absent when there was none. */
  readonly baseline?: Manifest
}

export interface CompileDeps {
  /** @throws GatewayError `CONFIG_INVALID` when the schema is not one the gateway accepts. */
  readonly compileSchema: (schema: JsonObject) => Validate
  readonly hosts: Hosts
  /** Where there are system prompts. @throws GatewayError `CONFIG_INVALID` when this version of one may not be pinned. */
  readonly requirePrompt?: (hash: string) => void
}

/**
 * Compiles one version of a manifest.
 * @throws GatewayError `CONFIG_INVALID`, naming the path, when a schema, domain, entity or template in it cannot be used.
 */
export function compileManifest(version: ManifestVersion, deps: CompileDeps): CompiledManifest {
  const { manifest, signed } = version
  const { settled, proposals } = settle(manifest, signed ? manifest : version.baseline)
  const proposed: Proposal[] = [...proposals]
  const tasks = new Map<string, CompiledTask>()
  for (const [name, task] of Object.entries(manifest.tasks)) {
    const before = signed ? task : own(version.baseline?.tasks, name)
    const tools = new Map<string, CompiledGrant>()
    for (const [tool, grant] of Object.entries(task.tools)) {
      const path = `tasks.${name}.tools.${tool}`
      const proposal = signed ? undefined : proposalOf(path, grant, own(before?.tools, tool))
      if (proposal) proposed.push(proposal)
      tools.set(
        tool,
        at(path, () => compileGrant(tool, { grant, proposed: proposal }, deps)),
      )
    }
    const reads = (kind: 'resources' | 'prompts'): [string, CompiledReadGrant][] =>
      Object.entries(task[kind]).map(([key, grant]) => {
        const proposal = signed ? undefined : readProposalOf(`tasks.${name}.${kind}.${key}`, grant, own(before?.[kind], key))
        if (proposal) proposed.push(proposal)
        return [key, compileRead(key, grant, proposal)]
      })
    const models = at(`tasks.${name}.modelPolicy`, () =>
      compileModels(task, { path: `tasks.${name}`, before, confidenceMin: manifest.defaults.confidenceMin }, deps),
    )
    proposed.push(...[...models.granted.values()].filter((proposal) => proposal !== undefined))
    const resources = at(`tasks.${name}.resources`, () => compileResources(reads('resources')))
    const topics = settled.topics.get(name)
    const purpose = settled.purposes.get(name)
    tasks.set(name, {
      ...(purpose !== undefined && { purpose }),
      ...(topics && { topics: compileTopics(topics) }),
      tools,
      resources,
      prompts: new Map(reads('prompts')),
      clientFeatures: settled.clientFeatures.get(name) ?? new Map(),
      models,
    })
  }
  return {
    hash: version.hash,
    version: version.version,
    signed,
    agent: manifest.agent,
    signOff: settled.signOff,
    approvalTimeoutMs: manifest.defaults.approvalTimeoutMs,
    rateLimit: settled.rateLimit,
    modelBudgets: settled.modelBudgets,
    observe: new Set(settled.observe),
    denied: new Set(settled.denied),
    tasks,
    proposed,
  }
}

interface Judged {
  readonly grant: ToolGrant
  readonly proposed: Proposal | undefined
}

function compileGrant(tool: string, { grant, proposed }: Judged, deps: CompileDeps): CompiledGrant {
  const content = compileContent(grant)
  return {
    tool,
    scope: grant.scope,
    tier: grant.tier,
    userRequired: grant.user === 'required',
    gated: GATED_SCOPES.has(grant.scope) || grant.tier === 'high' || grant.requiresHumanApproval === true,
    people: { least: grant.approvers ?? 1, fourEyesFrom: grant.fourEyesFrom ?? {} },
    provenance: grant.provenance ?? {},
    approved: approvedBy(grant),
    entities: compileEntities(grant.entities ?? {}),
    ...(proposed && { proposed }),
    ...(content && { content }),
    ...(grant.args && { args: deps.compileSchema(grant.args as JsonObject) }),
    ...(grant.fields && { fields: grant.fields }),
    ...(grant.domains && { domains: compileDomains(grant.domains, deps.hosts) }),
    ...(grant.rateLimit && { rateLimit: grant.rateLimit }),
  }
}

/** What a person approved by naming it: the list, the few values that the schema allows, and what entities bind. */
function approvedBy({ approved = {}, args, entities = {} }: ToolGrant): CompiledGrant['approved'] {
  const properties = args?.['properties']
  const listed = isJsonObject(properties)
    ? Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema)] as const)
    : []
  const few = Object.fromEntries(listed.filter(([, values]) => values.length > 0))
  const bound = Object.fromEntries(Object.keys(entities).map((name) => [name, 'bound' as const]))
  return { ...few, ...approved, ...bound }
}

function valuesOf(schema: Json | undefined): readonly (string | number)[] {
  if (!isJsonObject(schema)) return []
  const { enum: many, const: one } = schema
  const all = [...(Array.isArray(many) ? (many as readonly Json[]) : []), ...(one === undefined ? [] : [one])]
  return all.filter((value) => typeof value === 'string' || typeof value === 'number')
}

function compileRead(key: string, grant: ReadGrant, proposed: Proposal | undefined): CompiledReadGrant {
  return {
    key,
    tier: grant.tier,
    userRequired: grant.user === 'required',
    gated: grant.tier === 'high',
    ...(proposed && { proposed }),
    ...(grant.rateLimit && { rateLimit: grant.rateLimit }),
  }
}

/** Names the path in the manifest when something under it cannot be compiled. */
function at<T>(path: string, compile: () => T): T {
  try {
    return compile()
  } catch (cause) {
    if (!isGatewayError(cause)) throw cause
    throw new GatewayError(cause.code, `${path}: ${cause.message}`, { cause })
  }
}
