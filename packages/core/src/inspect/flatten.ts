import { isJsonObject, type Json } from '../model/json.ts'
import type { At } from './edit/apply-edits.ts'

/** Longest JSON pointer written out, in UTF-16 units. */
const POINTER_CHARS_MAX = 200
/** Numbers of fewer digits carry nothing to find: no card, account or identity number is shorter. */
const NUMBER_MIN = 1_000_000

/** One step of the way to a text; the way is written out only where something was found. */
export interface Step {
  readonly above: Step | undefined
  readonly key: string | number
}

/** One text of a JSON value. */
export interface Leaf {
  readonly text: string
  /** A `name` is the name of the member at `step`; a `number` is its decimal text. */
  readonly kind: 'string' | 'number' | 'name'
  /** Name of the nearest member around the text; for a name, itself; empty when there is none. */
  readonly field: string
  /** Way to the text; `undefined` when the value itself is the text. */
  readonly step: Step | undefined
}

/** Every text of a value in document order: member names, strings, and numbers of seven digits or more. Linear, without recursion. */
export function* flatten(value: Json): Generator<Leaf, void, void> {
  const waiting: { node: Json | undefined; step: Step | undefined; field: string; isMember: boolean }[] = []
  waiting.push({ node: value, step: undefined, field: '', isMember: false })
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, step, field, isMember } = next
    if (isMember) yield { text: field, kind: 'name', field, step }
    if (typeof node === 'string') yield { text: node, kind: 'string', field, step }
    else if (typeof node === 'number') {
      if (Math.abs(node) >= NUMBER_MIN) yield { text: String(node), kind: 'number', field, step }
    } else if (Array.isArray(node)) {
      const items = node as readonly Json[]
      for (let i = items.length - 1; i >= 0; i--)
        waiting.push({ node: items[i], step: { above: step, key: i }, field, isMember: false })
    } else if (isJsonObject(node)) {
      for (const [name, member] of Object.entries(node).reverse())
        waiting.push({ node: member, step: { above: step, key: name }, field: name, isMember: true })
    }
  }
}

/** Where exactly a text is, for edits. */
export function atOf(step: Step | undefined): At {
  const at: (string | number)[] = []
  for (let each = step; each; each = each.above) at.push(each.key)
  return at.reverse()
}

/** Where a text is, as a JSON pointer (RFC 6901) cut off at 200 UTF-16 units, for people and the log. */
export function pointerOf(step: Step | undefined): string {
  let text = ''
  for (let each = step; each; each = each.above) text = `/${String(each.key).replaceAll('~', '~0').replaceAll('/', '~1')}${text}`
  return text.slice(0, POINTER_CHARS_MAX).toWellFormed()
}
