import type { JsonObject } from '../model/json.ts'
import type { CompiledGrant } from './compile.ts'
import { valueAt } from './entities.ts'

/** R143 R146: how many people must approve a call. An amount that is missing, or no number, counts as a large one. */
export function peopleNeeded({ people }: Pick<CompiledGrant, 'people'>, args: JsonObject): number {
  const isLarge = Object.entries(people.fourEyesFrom).some(([field, from]) => {
    const value = valueAt(args, field.split('.'))
    return typeof value !== 'number' || Math.abs(value) >= from
  })
  return Math.max(people.least, isLarge ? 2 : 1)
}
