import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts'
import { editText, type TextEdit } from './edit-text.ts'

/** Where in a JSON value: member names and indexes, outermost first. */
export type At = readonly (string | number)[]

/** A part of one text of a JSON value and what stands there afterwards; offsets are UTF-16 units. */
export interface Edit extends TextEdit {
  /** The text, or, with `inName`, the member whose name is the text. A number counts as its decimal text. */
  readonly at: At
  readonly inName?: boolean
  /** The replacement of a whole text is a number again. */
  readonly isNumber?: boolean
}

/** Edits of one place, and the places below it. */
interface Place {
  readonly inText: Edit[]
  readonly inName: Edit[]
  readonly below: Map<string | number, Place>
}

/**
 * Changes parts of the texts and member names of a JSON value, and nothing else: what no edit touches is the same object as
 * before. Overlaps are as in `editText`. A number that is edited becomes a string. Two names of one object that became the same
 * are told apart by a suffix (`_2`, …), for no member may get lost. Linear in the edits and in what they touch.
 * @throws RangeError when an edit lies outside the value; nothing is changed then.
 */
export function applyEdits(value: Json, edits: readonly Edit[]): Json {
  return edits.length === 0 ? value : edited(value, placesOf(edits))
}

function placesOf(edits: readonly Edit[]): Place {
  const root = place()
  for (const edit of edits) {
    let node = root
    for (const step of edit.at) {
      const known = node.below.get(step)
      const next = known ?? place()
      if (!known) node.below.set(step, next)
      node = next
    }
    ;(edit.inName ? node.inName : node.inText).push(edit)
  }
  if (root.inName.length > 0) throw outside()
  return root
}

function place(): Place {
  return { inText: [], inName: [], below: new Map() }
}

function edited(value: Json | undefined, { inText, below }: Place): Json {
  if (inText.length > 0 && below.size > 0) throw outside()
  if (inText.length > 0) return editedLeaf(value, inText)
  if (below.size === 0 && value !== undefined) return value
  if (Array.isArray(value)) return editedItems(value as readonly Json[], below)
  if (isJsonObject(value)) return editedMembers(value, below)
  throw outside()
}

function editedLeaf(value: Json | undefined, edits: readonly Edit[]): Json {
  if (typeof value !== 'string' && typeof value !== 'number') throw outside()
  const before = String(value)
  const text = editText(before, edits)
  const [only] = edits
  const isNumber = edits.length === 1 && only?.isNumber && only.end - only.start === before.length
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text
}

function editedItems(items: readonly Json[], below: Place['below']): Json {
  const copy = [...items]
  for (const [index, place] of below) {
    if (typeof index !== 'number' || !(index in items) || place.inName.length > 0) throw outside()
    copy[index] = edited(items[index], place)
  }
  return copy
}

function editedMembers(members: JsonObject, below: Place['below']): Json {
  for (const name of below.keys()) if (typeof name !== 'string' || !Object.hasOwn(members, name)) throw outside()
  const renamed = [...below.values()].some((place) => place.inName.length > 0)
  const taken = new Set(renamed ? Object.keys(members).filter((name) => (below.get(name)?.inName.length ?? 0) === 0) : [])
  // Not by assignment: a name such as `__proto__` is a member like any other.
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => {
      const place = below.get(name)
      if (!place) return [name, member]
      const after = place.inName.length > 0 ? unused(editText(name, place.inName), taken) : name
      return [after, place.inText.length > 0 || place.below.size > 0 ? edited(member, place) : member]
    }),
  )
}

/** A name that no other member has. */
function unused(name: string, taken: Set<string>): string {
  let candidate = name
  for (let count = 2; taken.has(candidate); count++) candidate = `${name}_${count}`
  taken.add(candidate)
  return candidate
}

function outside(): RangeError {
  return new RangeError('an edit lies outside the value')
}
