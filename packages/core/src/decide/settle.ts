import { jcs } from '../model/jcs.ts'
import { Defaults, type Manifest } from '../model/manifest.ts'
import type { ModelBudget } from '../model/model-budget.ts'
import type { RateLimit } from '../model/rate-limit.ts'
import type { ClientFeature, ObservableRule } from './compile.ts'
import { isWithin, own, type Proposal } from './proposals.ts'

/** The parts of a manifest that are not grants, as they are in force. */
export interface Settled {
  readonly signOff: readonly string[]
  readonly rateLimit: RateLimit
  readonly modelBudgets: readonly ModelBudget[]
  readonly observe: readonly ObservableRule[]
  readonly denied: readonly string[]
  readonly clientFeatures: ReadonlyMap<string, ReadonlyMap<ClientFeature, ReadonlySet<string>>>
  /** By task. */
  readonly topics: ReadonlyMap<string, readonly string[]>
  /** By task. */
  readonly purposes: ReadonlyMap<string, string>
}

/**
 * What is in force outside the grants. Whatever narrows counts at once; whatever widens keeps the value of `baseline`, the last
 * fully signed version (the manifest itself when it is signed). Without one, the defaults of the schema are the baseline.
 */
export function settle(manifest: Manifest, baseline: Manifest | undefined): { settled: Settled; proposals: readonly Proposal[] } {
  const proposals: Proposal[] = []
  const propose = (path: string, why: string): void => void proposals.push({ path, why })

  const signOff = baseline?.signOff ?? manifest.signOff
  if (signOff.join() !== manifest.signOff.join()) propose('signOff', 'the roles that sign change only with signatures')

  const limitBefore = baseline?.defaults.rateLimit ?? Defaults.parse({}).rateLimit
  const limitKept = isWithin(manifest.defaults.rateLimit, limitBefore)
  if (!limitKept) propose('defaults.rateLimit', 'a wider budget needs signatures')

  const budgetsNow = new Map((manifest.defaults.modelBudgets ?? []).map((budget) => [jcs(budget), budget]))
  const budgetsBefore = new Map((baseline?.defaults.modelBudgets ?? []).map((budget) => [jcs(budget), budget]))
  if ([...budgetsBefore.keys()].some((text) => !budgetsNow.has(text)))
    propose('defaults.modelBudgets', 'changing or removing a budget needs signatures')
  // All that are stated hold, so the strictest does.
  const modelBudgets = [...new Map([...budgetsBefore, ...budgetsNow]).values()]

  const observed = new Set(baseline?.observe ?? [])
  const observe = manifest.observe.filter((rule) => observed.has(rule))
  for (const rule of manifest.observe) if (!observed.has(rule)) propose(`observe.${rule}`, 'not enforcing a rule needs signatures')

  const denied = [...new Set([...manifest.denied, ...(baseline?.denied ?? [])])]
  const stated = new Set(manifest.denied)
  for (const name of denied) if (!stated.has(name)) propose(`denied.${name}`, 'removing a deny needs signatures')

  const clientFeatures = new Map(
    Object.entries(manifest.tasks).map(([name, task]) => {
      const before = own(baseline?.tasks, name)
      const features = new Map<ClientFeature, ReadonlySet<string>>()
      for (const [feature, servers] of Object.entries(task.clientFeatures) as [ClientFeature, string[]][]) {
        const granted = new Set(own(before?.clientFeatures, feature) ?? [])
        for (const server of servers) {
          if (!granted.has(server)) propose(`tasks.${name}.clientFeatures.${feature}`, `${server} needs signatures`)
        }
        features.set(feature, new Set(servers.filter((server) => granted.has(server))))
      }
      return [name, features] as const
    }),
  )
  const topics = new Map<string, readonly string[]>()
  const purposes = new Map<string, string>()
  for (const [name, task] of Object.entries(manifest.tasks)) {
    const signed = own(baseline?.tasks, name)?.purpose
    if (signed !== undefined) purposes.set(name, signed)
    if (task.purpose !== signed) propose(`tasks.${name}.purpose`, 'what data is used for changes only with signatures')
    const before = own(baseline?.tasks, name)?.topics
    const inForce = before === undefined ? task.topics : before.filter((topic) => task.topics?.includes(topic) !== false)
    if (before && (task.topics === undefined || !task.topics.every((topic) => before.includes(topic))))
      propose(`tasks.${name}.topics`, 'a further topic needs signatures')
    if (inForce) topics.set(name, inForce)
  }
  const rateLimit = limitKept ? manifest.defaults.rateLimit : limitBefore
  return { settled: { signOff, rateLimit, modelBudgets, observe, denied, clientFeatures, topics, purposes }, proposals }
}
