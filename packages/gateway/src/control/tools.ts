import { GatewayError, Id, inspect, PIN_STATES, Scope, Sha256Hex, type Finding, type Json, type Pin } from '@sallyport/core'
import { z } from 'zod'
import { ROLES } from '../state-records.ts'
import { defineVerb, type ControlDeps, type OfferedTool } from './define-verb.ts'
import { diffJson, JsonChange } from './diff-json.ts'

/** Something a detector saw in a definition: a reason to look twice, for the person who reviews it. */
const Warning = z.strictObject({
  detector: z.string(),
  code: z.string(),
  severity: z.string(),
  path: z.string().meta({ description: 'JSON pointer into the definition.' }),
})
type Warning = z.infer<typeof Warning>

const Listed = z.strictObject({
  server: z.string(),
  tool: z.string(),
  state: z
    .union([z.enum(PIN_STATES), z.literal('gone')])
    .meta({ description: 'Only `approved` is visible and callable; `gone`: reviewed, no longer offered.' }),
  hash: z.string(),
  detail: z.string().optional(),
  warnings: z.array(Warning),
  effect: Scope.optional(),
  reviewedBy: z.string().optional(),
  reviewedAtMs: z.int().optional(),
})

export const toolsList = defineVerb({
  name: 'tools.list',
  summary: 'What every server offers, and what of it was reviewed',
  roles: ROLES,
  reads: true,
  input: z.strictObject({}),
  output: z.strictObject({
    tools: z.array(Listed),
    problems: z.array(z.strictObject({ server: z.string(), problem: z.string() })),
  }),
  async run(deps) {
    const servers = await deps.offered()
    const offered = servers.flatMap((server) => server.tools)
    const names = new Set(offered.map((tool) => `${tool.server}.${tool.tool}`))
    const down = new Set(servers.filter((server) => server.problem !== undefined).map((server) => server.server))
    const gone = deps.state.pins().filter((pin) => !names.has(`${pin.server}.${pin.tool}`) && !down.has(pin.server))
    const tools = [
      ...offered.map((one) => ({
        ...standingOf(one),
        warnings: warningsOf(one, offered),
        ...review(deps.state.pin(one.server, one.tool)),
      })),
      ...gone.map((pin) => ({
        server: pin.server,
        tool: pin.tool,
        state: 'gone' as const,
        hash: pin.hash,
        warnings: [],
        ...review(pin),
      })),
    ]
    const problems = servers.flatMap(({ server, problem }) => (problem === undefined ? [] : [{ server, problem }]))
    return { output: { tools, problems } }
  },
})

export const toolsDiff = defineVerb({
  name: 'tools.diff',
  summary: 'What changed in a tool’s definition since its review',
  roles: ROLES,
  reads: true,
  input: z.strictObject({ server: Id, tool: z.string().min(1).max(128) }),
  output: z.strictObject({
    server: z.string(),
    tool: z.string(),
    state: z.enum(PIN_STATES),
    hash: z.string(),
    detail: z.string().optional(),
    warnings: z.array(Warning),
    reviewedHash: z.string().optional(),
    changes: z.array(JsonChange),
  }),
  target: (input) => `${input.server}.${input.tool}`,
  async run(deps, input) {
    const { offered, all } = await requireOffered(deps, input.server, input.tool)
    const pin = deps.state.pin(input.server, input.tool)
    return {
      output: {
        ...standingOf(offered),
        warnings: warningsOf(offered, all),
        ...(pin && { reviewedHash: pin.hash }),
        changes: diffJson(pin?.definition as z.core.util.JSONType | undefined, offered.definition as z.core.util.JSONType),
      },
    }
  },
})

export const toolsApprove = defineVerb({
  name: 'tools.approve',
  summary: 'Review one exact tool definition and say what the tool does',
  roles: ['owner', 'security'],
  confirm: () => true,
  input: z.strictObject({
    server: Id,
    tool: z.string().min(1).max(128),
    hash: Sha256Hex.meta({ description: 'The definition that was looked at; another one is not approved.' }),
    effect: Scope.meta({ description: 'What the tool does, whatever its annotations claim.' }),
    despiteWarnings: z.boolean().default(false).meta({ description: 'Approve although detectors saw something serious in it.' }),
  }),
  output: z.strictObject({ server: z.string(), tool: z.string(), hash: z.string(), effect: Scope }),
  target: (input) => `${input.server}.${input.tool}`,
  async run(deps, input, { user }) {
    const { offered, all } = await requireOffered(deps, input.server, input.tool)
    if (offered.hash !== input.hash)
      throw new GatewayError('CONFLICT', 'the server offers another definition now; look at "tools diff" again')
    if (offered.state === 'colliding' || offered.state === 'lookalike') {
      throw new GatewayError(
        'CONFLICT',
        'its name collides with or looks like another tool’s; rename it at the server, or prefix the server',
      )
    }
    if (offered.state === 'invalid') throw new GatewayError('CONFLICT', 'its definition is not valid; repair the tool server')
    const warnings = [
      ...new Set(
        warningsOf(offered, all)
          .filter(isSerious)
          .map(({ code }) => code),
      ),
    ]
    if (warnings.length > 0 && !input.despiteWarnings) {
      throw new GatewayError(
        'CONFLICT',
        `its definition looks hostile (${warnings.join(', ')}); read it, then approve it despite the warnings`,
      )
    }
    const { server, tool, hash, effect } = input
    const pin: Pin = { server, tool, hash, definition: offered.definition, effect, reviewedBy: user.id, reviewedAtMs: deps.nowMs() }
    return {
      output: { server, tool, hash, effect },
      changes: [{ op: 'put', kind: 'pin', value: pin }],
      detail: { hash, effect, before: deps.state.pin(server, tool)?.hash ?? 'none', warnings },
    }
  },
})

function review(pin: Pin | undefined): { effect?: Scope; reviewedBy?: string; reviewedAtMs?: number } {
  return pin === undefined ? {} : { effect: pin.effect, reviewedBy: pin.reviewedBy, reviewedAtMs: pin.reviewedAtMs }
}

function standingOf({ server, tool, state, hash, detail }: OfferedTool) {
  return { server, tool, state, hash, ...(detail !== undefined && { detail }) }
}

/** What detectors see in a definition; they know the other servers' tools by name. */
function warningsOf(offered: OfferedTool, all: readonly OfferedTool[]): Warning[] {
  const otherTools = all.filter((other) => other.server !== offered.server).map((other) => other.tool)
  const findings = inspect(offered.definition as Json, { channel: 'definition', otherTools })
  return findings.map(({ detector, code, severity, path }: Finding) => ({ detector, code, severity, path }))
}

function isSerious({ severity }: Warning): boolean {
  return severity === 'high' || severity === 'medium'
}

async function requireOffered(
  deps: ControlDeps,
  server: string,
  tool: string,
): Promise<{ readonly offered: OfferedTool; readonly all: readonly OfferedTool[] }> {
  const servers = await deps.offered()
  const found = servers.find((one) => one.server === server)
  if (found === undefined) throw new GatewayError('NOT_FOUND', 'no such server in the configuration')
  if (found.problem !== undefined) throw new GatewayError('UPSTREAM_UNAVAILABLE', `the server could not be asked: ${found.problem}`)
  const offered = found.tools.find((one) => one.tool === tool)
  if (offered === undefined) throw new GatewayError('NOT_FOUND', 'the server offers no such tool; see "tools list"')
  return { offered, all: servers.flatMap((one) => one.tools) }
}
