import { GatewayError } from '../errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'
import type { Principal } from '../model/principal.ts'

export type EntityValue = string | number | boolean
type Source =
  | { readonly kind: 'user_id' | 'agent_id' | 'task' }
  | { readonly kind: 'attribute'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: EntityValue }

/** One bound entity: the name as the manifest writes it, its segments, and where the value comes from. */
export interface EntityRule {
  readonly name: string
  readonly segments: readonly string[]
  readonly source: Source
}

/** @throws GatewayError `CONFIG_INVALID` for a `$` reference that does not exist. */
export function compileEntities(entities: Readonly<Record<string, EntityValue>>): readonly EntityRule[] {
  return Object.entries(entities).map(([name, value]) => ({ name, segments: name.split('.'), source: sourceOf(name, value) }))
}

/** The bound value for this principal; `undefined` when the verified identity lacks it or it is not a scalar. */
export function resolveEntity(rule: EntityRule, principal: Principal): EntityValue | undefined {
  const source = rule.source
  switch (source.kind) {
    case 'literal':
      return source.value
    case 'user_id':
      return principal.user?.id
    case 'agent_id':
      return principal.agent
    case 'task':
      return principal.task
    case 'attribute': {
      const attributes = principal.user?.attributes
      const value = attributes && Object.hasOwn(attributes, source.name) ? attributes[source.name] : undefined
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
    }
  }
}

/** The value at a dotted path below `value`, through objects only; `undefined` when there is none. */
export function valueAt(value: Json | undefined, segments: readonly string[]): Json | undefined {
  let current = value
  for (const segment of segments) {
    if (!isJsonObject(current) || !Object.hasOwn(current, segment)) return undefined
    current = current[segment]
  }
  return current
}

/** Whether any object inside `value`, at any depth, carries the path with another value than `bound`. */
export function contradicts(value: Json | undefined, segments: readonly string[], bound: EntityValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return (value as readonly Json[]).some((item) => contradicts(item, segments, bound))
  const found = valueAt(value as JsonObject, segments)
  if (found !== undefined && found !== bound) return true
  return Object.values(value as JsonObject).some((item) => contradicts(item, segments, bound))
}

function sourceOf(name: string, value: EntityValue): Source {
  if (typeof value !== 'string' || !value.startsWith('$')) return { kind: 'literal', value }
  if (value === '$user.id') return { kind: 'user_id' }
  if (value === '$agent.id') return { kind: 'agent_id' }
  if (value === '$task') return { kind: 'task' }
  if (/^\$user\.[A-Za-z0-9_:/-]{1,100}$/.test(value)) return { kind: 'attribute', name: value.slice('$user.'.length) }
  throw new GatewayError(
    'CONFIG_INVALID',
    `entity ${name} refers to something else than $user.id, $user.<attribute>, $agent.id or $task`,
  )
}
