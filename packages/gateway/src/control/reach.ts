import {
  GatewayError,
  coversEffect,
  Id,
  isDenied,
  RateLimit,
  Scope,
  Tier,
  type CompiledManifest,
  type Json,
  type ReasonCode,
  type Task,
} from '@sallyport/core'
import { z } from 'zod'
import { defineVerb, type ControlDeps } from './define-verb.ts'
import { numericCaps } from './numeric-caps.ts'
import { requireStanding } from './require.ts'

const Refused = z.array(z.string()).meta({
  description: 'Reason codes with which every call is refused as things stand; empty when the agent can reach it.',
})
const Limit = RateLimit.optional()
const User = z.enum(['optional', 'required']).meta({ description: 'Whether a verified originating user must be present.' })
const Waits = z.boolean().meta({ description: 'Every call waits for a person.' })

const ReachedTool = z.strictObject({
  tool: z.string(),
  scope: Scope,
  tier: Tier,
  user: User,
  waits: Waits,
  refused: Refused,
  reviewed: z.boolean().meta({ description: 'Whether a person reviewed a definition of this tool.' }),
  effect: Scope.optional().meta({ description: 'What the reviewer says the tool does.' }),
  domains: z.array(z.string()).optional().meta({ description: 'The only recipients’ domains; absent: any.' }),
  entities: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  fields: z.array(z.string()).optional().meta({ description: 'The only fields of a result; absent: all.' }),
  caps: z
    .array(z.strictObject({ path: z.string(), max: z.number(), exclusive: z.literal(true).optional() }))
    .meta({ description: 'Largest values of numeric arguments, from the schema of the grant.' }),
  rateLimit: Limit,
})
const ReachedRead = z.strictObject({
  name: z.string(),
  tier: Tier,
  user: User,
  waits: Waits,
  refused: Refused,
  rateLimit: Limit,
})
const ReachedFeature = z.strictObject({ server: Id, feature: z.string(), refused: Refused })

export const manifestReach = defineVerb({
  name: 'manifest.reach',
  summary: 'Everything an agent can reach under the manifest in force, with every bound',
  roles: ['owner', 'admin', 'engineer', 'author', 'security', 'analyst', 'auditor', 'agent-owner', 'compliance'],
  reads: true,
  input: z.strictObject({ agent: Id }),
  output: z.strictObject({
    agent: Id,
    version: z.int(),
    hash: z.string(),
    signed: z.boolean(),
    rateLimit: RateLimit.meta({ description: 'All calls of the agent together.' }),
    observed: z.array(z.string()).meta({ description: 'Rules that only record: the bounds they would set do not hold.' }),
    denied: z.array(z.string()),
    tasks: z.array(
      z.strictObject({
        task: Id,
        tools: z.array(ReachedTool),
        resources: z.array(ReachedRead),
        prompts: z.array(ReachedRead),
        clientFeatures: z.array(ReachedFeature),
      }),
    ),
  }),
  target: (input) => input.agent,
  async run(deps, input) {
    const { newest } = await requireStanding(deps, input.agent)
    const compiled = requireCompiled(deps, input.agent)
    const { version, hash, signed, rateLimit, observe, denied } = compiled
    const tasks = Object.entries(newest.manifest.tasks).map(([task, grants]) => ({
      task,
      tools: toolsOf({ deps, compiled, task }, grants),
      resources: readsOf({ deps, compiled, task }, grants, 'resources'),
      prompts: readsOf({ deps, compiled, task }, grants, 'prompts'),
      clientFeatures: featuresOf({ deps, compiled, task }, grants),
    }))
    return {
      output: { agent: input.agent, version, hash, signed, rateLimit, observed: [...observe], denied: [...denied].sort(), tasks },
    }
  },
})

interface Look {
  readonly deps: ControlDeps
  readonly compiled: CompiledManifest
  readonly task: string
}

function toolsOf({ deps, compiled, task }: Look, grants: Task): z.input<typeof ReachedTool>[] {
  return Object.entries(grants.tools).map(([tool, grant]) => {
    const known = compiled.tasks.get(task)?.tools.get(tool)
    const { server, name } = parts(tool)
    const pin = deps.state.pin(server, name)
    const refused = refusals(compiled, tool, known?.proposed !== undefined)
    if (pin === undefined) refused.push('tool_unreviewed')
    else if (!coversEffect(grant.scope, pin.effect)) refused.push('scope_exceeded')
    if (grant.provenance !== undefined) refused.push('provenance_unavailable')
    return {
      tool,
      scope: grant.scope,
      tier: grant.tier,
      user: grant.user,
      waits: known?.gated ?? true,
      refused,
      reviewed: pin !== undefined,
      ...(pin && { effect: pin.effect }),
      ...(grant.domains && { domains: grant.domains }),
      ...(grant.entities && { entities: grant.entities }),
      ...(grant.fields && { fields: grant.fields }),
      caps: numericCaps(grant.args as Json | undefined),
      ...(grant.rateLimit && { rateLimit: grant.rateLimit }),
    }
  })
}

function readsOf({ compiled, task }: Look, grants: Task, kind: 'resources' | 'prompts'): z.input<typeof ReachedRead>[] {
  const index = compiled.tasks.get(task)
  const known = kind === 'resources' ? index?.resources.exact : index?.prompts
  return Object.entries(grants[kind]).map(([name, grant]) => ({
    name,
    tier: grant.tier,
    user: grant.user,
    waits: known?.get(name)?.gated ?? true,
    refused: refusals(compiled, name, known?.get(name)?.proposed !== undefined),
    ...(grant.rateLimit && { rateLimit: grant.rateLimit }),
  }))
}

function featuresOf({ compiled, task }: Look, grants: Task): z.input<typeof ReachedFeature>[] {
  const granted = compiled.tasks.get(task)?.clientFeatures
  return Object.entries(grants.clientFeatures).flatMap(([feature, servers]) =>
    servers.map((server) => {
      const isSettled = granted?.get(feature as never)?.has(server) === true
      const isHeld = !isSettled || compiled.denied.has(`${server}.*`)
      // The gateway has one answer to both: the server may not ask for it.
      return { server, feature, refused: isHeld ? ['feature_not_in_manifest'] : [] }
    }),
  )
}

/** Reasons that hold whatever the call says. */
function refusals(compiled: CompiledManifest, key: string, isProposed: boolean): ReasonCode[] {
  const { server, name } = parts(key)
  return [
    ...(isDenied(compiled, server, name) ? (['explicitly_denied'] as const) : []),
    ...(isProposed ? (['grant_proposed'] as const) : []),
  ]
}

/** The first dot ends the server. */
function parts(key: string): { readonly server: string; readonly name: string } {
  const dot = key.indexOf('.')
  return { server: key.slice(0, dot), name: key.slice(dot + 1) }
}

function requireCompiled(deps: ControlDeps, agent: string): CompiledManifest {
  const compiled = deps.manifests.current(agent)
  // `requireStanding` found it a moment ago.
  if (compiled === undefined) throw new GatewayError('NOT_FOUND', 'the manifest was removed meanwhile')
  return compiled
}
