import { isJsonObject, type Json } from '../model/json.ts'
import { isPlainName } from '../model/plain-name.ts'
import { normalText } from './normal-text.ts'
import { standsIn } from './trace-slots.ts'

/** One value of a structured result, by the dotted name of its field without positions in lists. */
export interface FieldValue {
  readonly field: string
  readonly text: string
}

/** Most values of one result that are told by field. */
export const FIELD_VALUES_MAX = 500
/** Shorter values stand everywhere, longer ones nowhere as a whole: of their fields nobody can say whether they are used. */
const JUDGED_CHARS_MIN = 4
const JUDGED_CHARS_MAX = 200
/** Longest text that is looked through. */
const TEXT_CHARS_MAX = 32_768

/**
 * Values of a result with their fields as `fields` of a grant names them: in a row, an object inside an array or one that has values
 * of its own, without what leads to it. In order. A name that could be a value is `?`.
 */
export function* fieldValues(value: Json | undefined, field = '', isInRow = false): Generator<FieldValue> {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') yield { field, text: String(value) }
  else if (Array.isArray(value)) for (const item of value as readonly Json[]) yield* fieldValues(item, isInRow ? field : '', true)
  else if (isJsonObject(value)) {
    const members = Object.entries(value)
    const isRow = isInRow || members.some(([, member]) => typeof member !== 'object' || member === null)
    for (const [name, member] of members) {
      const own = isPlainName(name) && !name.includes('.') ? name : '?'
      yield* fieldValues(member, isRow && field !== '' ? `${field}.${own}` : own, isRow)
    }
  }
}

/** Whether it can be told from a value whether it is used. */
export function isJudged({ text }: FieldValue): boolean {
  return text.length >= JUDGED_CHARS_MIN && text.length <= JUDGED_CHARS_MAX && /[\p{L}\p{N}]/u.test(text)
}

/**
 * R228: values that stand in what an agent or its model said.
 * @param values In the form of `normalText`.
 */
export function* usedFields<V extends FieldValue>(said: string, values: Iterable<V>): Generator<V> {
  const text = normalText(said.slice(0, TEXT_CHARS_MAX))
  for (const value of values) if (isJudged(value) && standsIn(text, value.text)) yield value
}
