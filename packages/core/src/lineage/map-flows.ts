import type { CompiledManifest } from '../decide/compile.ts'
import type { DecisionEntry } from '../model/entry.ts'

/** One origin of one argument of one tool. */
export interface DeclaredFlow {
  readonly task: string
  /** `server.tool`, or the kind of its origin: `user`, `system`, `model`, `unknown`. */
  readonly from: string
  /** `server.tool` it goes to. */
  readonly to: string
  /** Dotted name of the argument, without positions in lists. */
  readonly field: string
}

/** One way that values took. */
export interface ObservedFlow extends DeclaredFlow {
  readonly integrity: string
  /** What kind of thing the argument names. */
  readonly kind: string
  /** Acts that were allowed, and acts that were not. */
  readonly allowed: number
  readonly stopped: number
  readonly lastTime: string
  /** Whether the manifest says so: the values were approved, or the grant names this origin for this argument. */
  readonly isDeclared: boolean
}

export interface FlowMap {
  readonly observed: readonly ObservedFlow[]
  /** Declared, and not seen. */
  readonly unobserved: readonly DeclaredFlow[]
}

/**
 * Where the data of an agent goes (R225): every way that was observed, whether its manifest declares it, and what it declares that
 * was not seen. Linear in the entries.
 * @param decisions The agent's, in the order of the log.
 */
export function mapFlows(decisions: readonly DecisionEntry[], manifest: CompiledManifest | undefined): FlowMap {
  const ways = new Map<string, { -readonly [Name in keyof ObservedFlow]: ObservedFlow[Name] }>()
  for (const { flow, action, task = '', time, enforced } of decisions) {
    if (!flow || action.kind !== 'tool.call') continue
    const to = `${action.server ?? ''}.${action.name ?? ''}`
    for (const { path, kind, approved, origins } of flow.slots) {
      const field = fieldOf(path)
      const wanted = manifest?.tasks.get(task)?.tools.get(to)?.provenance[field] ?? []
      for (const { origin, source, integrity } of origins) {
        const from = source ?? origin
        const key = [task, from, integrity, to, field, kind].join('\n')
        const way = ways.get(key) ?? {
          task,
          from,
          integrity,
          to,
          field,
          kind,
          allowed: 0,
          stopped: 0,
          lastTime: time,
          isDeclared: true,
        }
        ways.set(key, way)
        if (enforced === 'allow') way.allowed++
        else way.stopped++
        way.lastTime = time
        way.isDeclared &&= approved || origin === 'user' || origin === 'system' || wanted.includes(from)
      }
    }
  }
  const observed = [...ways.values()].sort((a, b) => orderOf(a).localeCompare(orderOf(b), 'en'))
  return { observed, unobserved: declaredBy(manifest).filter((flow) => !observed.some((seen) => orderOf(seen) === orderOf(flow))) }
}

function declaredBy(manifest: CompiledManifest | undefined): readonly DeclaredFlow[] {
  return [...(manifest?.tasks ?? [])].flatMap(([task, { tools }]) =>
    [...tools].flatMap(([to, grant]) =>
      Object.entries(grant.provenance).flatMap(([field, sources]) => sources.map((from) => ({ task, from, to, field }))),
    ),
  )
}

/** `/to/0/mail` is `to.mail`. */
function fieldOf(path: string): string {
  const steps = path.split('/').filter((step) => step !== '' && !/^\d+$/.test(step))
  return steps.join('.')
}

function orderOf({ task, to, field, from }: DeclaredFlow): string {
  return [task, to, field, from].join(' ')
}
