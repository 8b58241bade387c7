import { isJsonObject, type Json } from '../../model/json.ts'
import type { At } from './apply-edits.ts'

/**
 * The text at a place of a JSON value, or the name of the member there.
 * @throws RangeError when there is none.
 */
export function textAt(value: Json, at: At, inName: boolean): { readonly text: string; readonly isNumber: boolean } {
  let node: Json | undefined = value
  let inObject = false
  for (const step of at) {
    inObject = isJsonObject(node)
    node = below(node, step)
  }
  const name = at.at(-1)
  if (inName && inObject && typeof name === 'string') return { text: name, isNumber: false }
  if (inName || (typeof node !== 'string' && typeof node !== 'number')) throw outside()
  return { text: String(node), isNumber: typeof node === 'number' }
}

function below(node: Json | undefined, step: string | number): Json | undefined {
  if (typeof step === 'number' && Array.isArray(node) && step in node) return (node as readonly Json[])[step]
  if (typeof step === 'string' && isJsonObject(node) && Object.hasOwn(node, step)) return node[step]
  throw outside()
}

function outside(): RangeError {
  return new RangeError('no text is at this place of the value')
}
