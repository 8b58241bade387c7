import type { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { shown } from '../../shown.ts'
import { table } from '../../table.ts'

type Reach = z.output<(typeof VERBS)['manifest.reach']['output']>
type Task = Reach['tasks'][number]
type Tool = Task['tools'][number]
type Row = readonly string[]

/** Fields of a result per line. */
const FIELDS_PER_ROW = 6

/** The blast radius of an agent: per task what it can reach, then every bound on it. */
export function reachText(reach: Reach): string {
  const head = [
    `${reach.agent} v${reach.version} ${reach.signed ? 'signed' : 'not signed'}`,
    `all calls together: ${rate(reach.rateLimit)}`,
    ...(reach.observed.length > 0 ? [`not enforced, only recorded: ${reach.observed.join(', ')}`] : []),
    ...reach.denied.map((name) => `denied: ${shown(name)}`),
  ]
  const tasks = reach.tasks.flatMap((task) => ['', `task ${task.task}`, ...taskParts(task)])
  return [...head, ...(reach.tasks.length === 0 ? ['no task: the agent reaches nothing'] : tasks)].join('\n')
}

function taskParts(task: Task): string[] {
  const grants = [
    ...task.tools.map((tool) => [tool.tool, tool.scope, tool.tier, reachOf(tool), reviewOf(tool)]),
    ...task.resources.map((one) => [one.name, 'resource', one.tier, reachOf(one), '–']),
    ...task.prompts.map((one) => [one.name, 'prompt', one.tier, reachOf(one), '–']),
    ...task.clientFeatures.map((one) => [one.server, one.feature, '–', reachOf({ ...one, waits: false }), '–']),
  ]
  if (grants.length === 0) return ['nothing']
  const bounds = [
    ...task.tools.flatMap(boundsOf),
    ...[...task.resources, ...task.prompts].flatMap(({ name, user, rateLimit }) => commonBounds({ name, user, rateLimit })),
  ]
  return [
    table(['WHAT', 'MAY', 'TIER', 'REACHED', 'REVIEWED AS'], grants),
    ...(bounds.length > 0 ? ['', table(['WHAT', 'BOUND', 'VALUE'], bounds)] : []),
  ]
}

function reachOf({ refused, waits }: { readonly refused: readonly string[]; readonly waits: boolean }): string {
  if (refused.length > 0) return `no: ${refused.join(', ')}`
  return waits ? 'waits for a person' : 'yes'
}

function reviewOf({ reviewed, effect }: Tool): string {
  return reviewed ? (effect ?? '–') : 'not reviewed'
}

function boundsOf(tool: Tool): Row[] {
  const name = tool.tool
  const fields = tool.fields ?? []
  return [
    ...(tool.domains ?? []).map((domain) => [name, 'recipients at', domain]),
    ...Object.entries(tool.entities ?? {}).map(([entity, value]) => [name, 'only where', `${entity} = ${value}`]),
    ...tool.caps.map(({ path, max, exclusive }) => [name, 'number at most', `${path} ${exclusive === true ? '<' : '≤'} ${max}`]),
    ...fields.flatMap((_, at) =>
      at % FIELDS_PER_ROW === 0 ? [[name, 'fields shown', fields.slice(at, at + FIELDS_PER_ROW).join(', ')]] : [],
    ),
    ...commonBounds({ name, user: tool.user, rateLimit: tool.rateLimit }),
  ]
}

interface Common {
  readonly name: string
  readonly user: Tool['user']
  readonly rateLimit: Tool['rateLimit']
}

function commonBounds({ name, user, rateLimit }: Common): Row[] {
  return [
    ...(user === 'required' ? [[name, 'only for', 'a verified user']] : []),
    ...(rateLimit ? [[name, 'calls', rate(rateLimit)]] : []),
  ]
}

function rate({ callsMax, windowMs }: Reach['rateLimit']): string {
  return `${callsMax} calls in ${windowMs / 1_000} s`
}
