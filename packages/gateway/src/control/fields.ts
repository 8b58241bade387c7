import { type Entry, Id } from '@sallyport/core'
import { z } from 'zod'
import { PurposeIfAny, READERS } from './audit-readers.ts'
import { defineVerb } from './define-verb.ts'
import { pickSince } from './read-log.ts'
import { requireStanding } from './require.ts'

const DAY_MS = 86_400_000

const Fields = z.array(z.string())
const Tool = z.strictObject({
  task: z.string(),
  tool: z.string(),
  days: z.int().meta({ description: 'Days on which results of it came.' }),
  granted: Fields.optional().meta({ description: 'The fields the grant lets the agent have; absent where it has all.' }),
  unused: Fields.meta({ description: 'Fields that came, and no later act and no answer of a model had a value of.' }),
  used: Fields,
  unjudged: Fields.meta({ description: 'Fields of which nobody can tell: numbers of few digits, switches, long texts.' }),
})

export const auditFields = defineVerb({
  name: 'audit.fields',
  summary: 'Fields of results that an agent never uses, and the `fields` of the grants without them',
  roles: [...READERS, 'engineer', 'author'],
  reads: true,
  isLong: true,
  input: z.strictObject({ agent: Id, days: z.int().min(1).max(3_650).default(30), purpose: PurposeIfAny }),
  output: z.strictObject({
    agent: Id,
    fromMs: z.int().meta({ description: 'From this time on no entry was left out.' }),
    tools: z.array(Tool).readonly(),
  }),
  target: (input) => input.agent,
  async run(deps, { agent, days, purpose }) {
    await requireStanding(deps, agent)
    const sinceMs = Math.max(0, deps.nowMs() - days * DAY_MS)
    const { found: observed, fromMs } = await pickSince(deps.audit, sinceMs, (entry) => observedIn(entry, agent))
    const tasks = deps.manifests.current(agent)?.tasks
    const tools = toolsOf(observed).flatMap((tool) => {
      const grant = tasks?.get(tool.task)?.tools.get(tool.tool)
      return grant ? [{ ...tool, ...(grant.fields && { granted: [...grant.fields] }) }] : []
    })
    return { output: { agent, fromMs, tools }, detail: { purpose, days, count: tools.length } }
  },
})

interface Observed {
  readonly task: string
  readonly tool: string
  readonly day: string
  readonly seen: readonly string[]
  readonly used: readonly string[]
  readonly unjudged: readonly string[]
}

function observedIn(entry: Entry, agent: string): Observed[] {
  if (entry.type !== 'admin' || entry.verb !== 'fields.observed' || entry.target !== agent) return []
  const { task, source, seen, used, unjudged } = entry.detail
  const list = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : [])
  return [
    {
      task: String(task),
      tool: String(source),
      day: entry.time.slice(0, 10),
      seen: list(seen),
      used: list(used),
      unjudged: list(unjudged),
    },
  ]
}

function toolsOf(observed: readonly Observed[]): z.infer<typeof Tool>[] {
  const places = new Map<string, Observed[]>()
  for (const one of observed) {
    const key = JSON.stringify([one.task, one.tool])
    places.set(key, [...(places.get(key) ?? []), one])
  }
  return [...places.values()].map((of) => {
    const { task, tool } = of[0] as Observed
    const all = (what: 'seen' | 'used' | 'unjudged'): string[] => [...new Set(of.flatMap((one) => one[what]))].sort()
    const [used, unjudged] = [all('used'), all('unjudged')]
    const unused = all('seen').filter((field) => !used.includes(field) && !unjudged.includes(field))
    return {
      task,
      tool,
      days: new Set(of.map(({ day }) => day)).size,
      unused,
      used,
      unjudged: unjudged.filter((field) => !used.includes(field)),
    }
  })
}
