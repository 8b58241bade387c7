import { type Entry, shownText } from '@sallyport/core'
import type { Output } from '../api.ts'

type Reach = Pick<Output<'manifest.reach'>, 'tasks'>
type Tool = Reach['tasks'][number]['tools'][number]

/** What data passes on its way, left to right. */
export const COLUMNS = ['agent', 'tool', 'data', 'destination'] as const

export interface GraphNode {
  readonly id: string
  readonly column: (typeof COLUMNS)[number]
  /** Safe to look at. */
  readonly label: string
  /** What bounds it, in a few words. */
  readonly note: string
  readonly isBad: boolean
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
  /** Whether the manifest grants it, or entries of the log show it. */
  readonly by: 'granted' | 'seen'
  readonly allowed: number
  readonly stopped: number
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
}

/**
 * One agent, the tools it was granted, the classes of data its calls of them touched or its session had read, and where the tools
 * take them. A class stands before a destination when it could have gone there: the gateway does not see into a model.
 */
export function graphOf(agent: string, { tasks }: Reach, entries: readonly Entry[]): Graph {
  const tools = new Map(tasks.flatMap(({ tools: list }) => list.map((tool) => [tool.tool, tool] as const)))
  const nodes = new Map<string, GraphNode>()
  const edges = new Map<string, { -readonly [K in keyof GraphEdge]: GraphEdge[K] }>()
  const node = (column: GraphNode['column'], name: string, more: { note?: string; isBad?: boolean } = {}): string => {
    const id = `${column}:${name}`
    if (!nodes.has(id)) nodes.set(id, { id, column, label: shownText(name), note: more.note ?? '', isBad: more.isBad ?? false })
    return id
  }
  const edge = (from: string, to: string, by: GraphEdge['by']): { allowed: number; stopped: number } => {
    const key = `${from}\n${to}`
    const known = edges.get(key) ?? { from, to, by, allowed: 0, stopped: 0 }
    edges.set(key, known)
    return known
  }
  const root = node('agent', agent)
  for (const tool of tools.values()) {
    const id = node('tool', tool.tool, { note: boundOf(tool), isBad: tool.tier === 'high' })
    edge(root, id, 'granted')
    for (const place of placesOf(tool)) edge(id, node('destination', place, { isBad: place.startsWith('anyone') }), 'granted')
  }
  for (const entry of entries) {
    if ((entry.type !== 'decision' && entry.type !== 'outcome') || entry.action.kind !== 'tool.call') continue
    const name = [entry.action.server, entry.action.name].filter((part) => part !== undefined).join('.')
    const id = node('tool', name, { note: 'not granted', isBad: true })
    const isAllowed = entry.type === 'outcome' || entry.enforced === 'allow'
    const count = (way: { allowed: number; stopped: number }): void => void (isAllowed ? way.allowed++ : way.stopped++)
    if (entry.type === 'decision') count(edge(root, id, 'seen'))
    for (const own of new Set([...(entry.classes ?? []), ...(entry.detected ?? [])])) count(edge(id, node('data', own), 'seen'))
    if (entry.type !== 'decision') continue
    const places = placesOf(tools.get(name) ?? { tool: name, scope: 'write' })
    for (const read of entry.flow?.classes ?? [])
      for (const place of places) count(edge(node('data', read), node('destination', place), 'seen'))
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] }
}

function boundOf({ scope, tier, waits, refused }: Tool): string {
  const before = refused.length > 0 ? 'refused' : waits ? 'a person decides' : 'at once'
  return `${scope}, ${tier}, ${before}`
}

/** Where a call takes what it is given: the only domains it may name, or whoever its server tells. Reading takes it nowhere. */
function placesOf({ tool, scope, domains }: Pick<Tool, 'tool' | 'scope' | 'domains'>): readonly string[] {
  if (domains) return domains
  return scope === 'read' ? [] : [`anyone ${tool.split('.', 1)[0]} reaches`]
}
