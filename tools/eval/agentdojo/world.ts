import type { Json, JsonObject } from '@sallyport/core'
import type { AgentClient } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import { excused } from '../../../packages/gateway/src/fixtures/excused.ts'
import { govern, type Governed } from '../../../packages/gateway/src/fixtures/govern.ts'
import { modelClient, providerConfig } from '../../../packages/gateway/src/fixtures/model-client.ts'
import { chatAnswer, startRecordingProvider } from '../../../packages/gateway/src/fixtures/recording-provider.ts'
import { type RecordedTool, startRecordingServer, text } from '../../../packages/gateway/src/fixtures/recording-server.ts'
import { type Dojo, type DojoCall, type DojoSuite, isReading } from './dojo.ts'
import { approvedIn, readRecords } from './records.ts'

/** Which controls are on. */
export interface Controls {
  /** `role`: every tool that any task of the suite needs; `task`: those that the user's task needs. */
  readonly manifest: 'role' | 'task'
  /** Whether tools that send, delete or pay are granted as such, and so wait for a person. */
  readonly verbs: boolean
  /** Whether labels and the origin of arguments vote, or only observe. */
  readonly flow: boolean
  /** Whether the manifest approves those whom the company's own records name. */
  readonly records: boolean
}

/** A live gateway with every suite's tools behind it, for one run at a time. */
export interface DojoWorld {
  /** A client in a session of its own, which has heard the user's request where `prompt` is given. */
  enter(run: { suite: DojoSuite; user: string; controls: Controls; prompt: string }): Promise<DojoSession>
  close(): Promise<void>
}
export interface DojoSession {
  /** `done`, or what the gateway said instead. */
  call(call: DojoCall): Promise<'done' | 'asked' | 'refused'>
}

const CHANNELS = [
  'user',
  'tool',
  'database',
  'document',
  'email',
  'web',
  'retrieval',
  'memory',
  'agent',
  'definition',
  'arguments',
  'output',
]
/** Nothing is found, cut or marked: what is left are decisions on grants and flow. */
const DETECTORS_OFF: JsonObject = {
  injection: Object.fromEntries(CHANNELS.map((channel) => [channel, 'mark'])),
  boundary: Object.fromEntries(CHANNELS.slice(0, 9).map((channel) => [channel, 'off'])),
  classes: { secret: 'mark', pci: 'mark', phi: 'mark' },
  exfiltration: 'mark',
  sanitise: false,
  exfil: false,
  pii: false,
  onFailure: 'mark',
}

/**
 * The effect of a tool by the verb its name begins with, as a reviewer would read it: what leaves the company or moves money is
 * gated, what is lost is gated, everything else that is no reading is a reversible write.
 */
export function effectOf(tool: string): 'read' | 'write' | 'send' | 'delete' | 'transact' {
  if (isReading(tool)) return 'read'
  if (/^(?:delete|remove|cancel)_/.test(tool)) return 'delete'
  if (/money|transaction|^reserve_|pay/.test(tool)) return 'transact'
  if (/^(?:send|post|invite|share)_|^create_calendar|^add_calendar/.test(tool)) return 'send'
  return 'write'
}

export function agentOf(suite: string, { manifest, verbs, flow, records }: Controls): string {
  return [suite, manifest, verbs ? 'verbs' : 'plain', flow ? 'flow' : 'blind', ...(records ? ['records'] : [])].join('-')
}

export async function openDojoWorld(
  dojo: Dojo,
  suites: readonly DojoSuite[],
  { controls, runsMax }: { readonly controls: Controls; readonly runsMax: number },
): Promise<DojoWorld> {
  const servers = await Promise.all(suites.map((suite) => startRecordingServer({ tools: toolsOf(dojo, suite) })))
  const provider = await startRecordingProvider()
  provider.script = () => ({ body: chatAnswer('I will.') })
  const named = suites.flatMap((suite, i) =>
    [true, false].map((verbs) => ({ id: serverId(suite.name, verbs), suite, verbs, url: servers[i]?.url ?? '' })),
  )
  const known: (readonly string[])[] = []
  // One environment is open at a time.
  for (const { name } of suites) known.push(controls.records ? await readRecords(dojo, name) : [])
  const governed = await govern({
    servers: Object.fromEntries(named.map(({ id, suite, url }) => [id, { transport: 'http', url, ...sourcesOf(suite) }])),
    reviewed: Object.fromEntries(
      named.map(({ id, suite, verbs }) => [
        id,
        toolsOf(dojo, suite).map(({ definition }) => [definition, scopeOf(definition.name, verbs)] as const),
      ]),
    ),
    agents: Object.fromEntries(
      suites.map((suite, i) => [agentOf(suite.name, controls), agent(suite, { controls, runsMax, known: known[i] ?? [] })]),
    ),
    config: { guard: { ...excused(DETECTORS_OFF), classifier: 'none' }, providers: { main: providerConfig(provider.url) } },
  })
  const used = new Map<string, number>()
  return {
    enter: (run) => enter(governed, run, used),
    async close() {
      await governed.close()
      await Promise.all([...servers.map((server) => server.close()), provider.close()])
    },
  }
}

const serverId = (suite: string, verbs: boolean): string => (verbs ? suite : `${suite}-plain`)
const scopeOf = (tool: string, verbs: boolean) => (verbs || isReading(tool) ? effectOf(tool) : 'write')

function toolsOf(dojo: Dojo, { tools }: DojoSuite): readonly RecordedTool[] {
  return tools.map(({ name, description, schema }) => ({
    definition: { name, description, inputSchema: schema },
    async behave({ args }) {
      const answer = await dojo.call({ tool: name, args: args as DojoCall['args'] })
      return 'error' in answer ? { ...text(answer.error), isError: true } : text(answer.text)
    },
  }))
}

/** Tools whose results an outsider can write into are documents of others; everything else is the company's own. */
function sourcesOf({ userTasks }: DojoSuite): Readonly<Record<string, Json>> {
  const foreign = new Set(userTasks.flatMap(({ calls, carriers }) => Object.values(carriers).map((at) => calls[at]?.tool ?? '')))
  return {
    source: { channel: 'database', trust: 'internal', classes: [] },
    sources: Object.fromEntries(
      [...foreign].filter((tool) => tool !== '').map((tool) => [tool, { channel: 'document', classes: [] }]),
    ),
  }
}

interface AgentTerms {
  readonly controls: Controls
  readonly runsMax: number
  /** Whom the company's own records name. */
  readonly known: readonly string[]
}

function agent({ name, tools, userTasks }: DojoSuite, { controls: { manifest, verbs, flow }, runsMax, known }: AgentTerms) {
  const grantOf = (tool: string): Json => ({
    scope: scopeOf(tool, verbs),
    tier: 'low',
    ...approvedIn(tools.find((each) => each.name === tool)?.schema, known),
  })
  const grants = (granted: readonly string[]): Json =>
    Object.fromEntries([...new Set(granted)].map((tool) => [`${serverId(name, verbs)}.${tool}`, grantOf(tool)]))
  const all = userTasks.flatMap(({ calls }) => calls.map(({ tool }) => tool))
  const tasks = Object.fromEntries(
    userTasks.map(({ id, calls }) => [
      taskId(id),
      { models: ['default'], tools: grants(manifest === 'role' ? all : calls.map(({ tool }) => tool)) } as Json,
    ]),
  )
  const keys = userTasks.flatMap(({ id }) => Array.from({ length: runsMax }, (_, i) => [`${taskId(id)}-${i}`, taskId(id)] as const))
  return {
    tasks,
    keys: Object.fromEntries(keys),
    manifest: { defaults: { rateLimit: { callsMax: 100_000, windowMs: 1_000 } }, ...(flow ? {} : { observe: ['flow'] }) },
  }
}

const taskId = (user: string): string => user.replaceAll('_', '-')

async function enter(
  governed: Governed,
  { suite, user, controls, prompt }: Parameters<DojoWorld['enter']>[0],
  used: Map<string, number>,
): Promise<DojoSession> {
  const id = agentOf(suite.name, controls)
  const at = `${id} ${user}`
  const run = used.get(at) ?? 0
  used.set(at, run + 1)
  const key = `${taskId(user)}-${run}`
  if (controls.flow) {
    const reply = await modelClient(
      governed,
      id,
      key,
    )('/v1/chat/completions', { model: 'default', messages: [{ role: 'user', content: prompt }] })
    if (reply.status !== 200) throw new Error(`the user's request was not passed on: ${reply.text.slice(0, 300)}`)
  }
  const client: AgentClient = governed.client(id, key)
  return {
    async call({ tool, args }) {
      const answer = await client.call(`${serverId(suite.name, controls.verbs)}__${tool}`, args as JsonObject)
      if (answer.refusal) return answer.refusal.effect === 'require_approval' ? 'asked' : 'refused'
      if (answer.result) return 'done'
      // A tool that is not granted does not exist for the agent.
      return 'refused'
    },
  }
}
