import { ENTRY_BYTES_MAX, Entry } from '../model/entry.ts'
import { jcs } from '../model/jcs.ts'
import type { Json } from '../model/json.ts'
import { fromUtf8 } from './text.ts'

/** Reads a leaf strictly: UTF-8, one reading, canonical form, valid schema. What is wrong otherwise, in words without content. */
export function parseEntry(bytes: Uint8Array): { readonly entry: Entry } | { readonly fault: string } {
  if (bytes.length > ENTRY_BYTES_MAX) return { fault: 'over the size limit' }
  const text = fromUtf8(bytes)
  if (text === undefined) return { fault: 'not valid UTF-8' }
  let value: Json
  try {
    // The comparison also finds what JSON.parse lets through: duplicate keys, other spellings of a number, white space.
    value = JSON.parse(text) as Json
    if (jcs(value) !== text) return { fault: 'not in canonical form' }
  } catch {
    return { fault: 'not valid JSON' }
  }
  try {
    const parsed = Entry.safeParse(value)
    return parsed.success ? { entry: parsed.data } : { fault: 'does not fit the schema of entries' }
  } catch {
    return { fault: 'nested too deeply' }
  }
}
