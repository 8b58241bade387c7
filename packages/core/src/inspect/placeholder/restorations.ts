import type { Json } from '../../model/json.ts'
import type { At, Edit } from '../edit/apply-edits.ts'
import { atOf, flatten } from '../flatten.ts'
import { findPlaceholders, type Writing } from './find-placeholders.ts'
import type { Sealer } from './sealer.ts'

/** A placeholder that stays, because what it holds may not go there. Its value is not said. */
export interface RefusedPlaceholder {
  readonly at: At
  readonly inName: boolean
  readonly type: string
  readonly classes: readonly string[]
}

/** What may come back, and what may not. */
export interface Restorations {
  readonly edits: readonly Edit[]
  readonly refused: readonly RefusedPlaceholder[]
}

/**
 * Plans the edits that put values back in the place of their placeholders. The sink decides: `mayRestore` has to agree to every
 * class of a value. What is refused, damaged, made up, or sealed for another agent or session stays as it is. A value is written
 * the way its placeholder was: percent-encoded in a URL, with entities in HTML. Values are not searched for placeholders again.
 */
export function restorations(
  value: Json,
  mayRestore: (type: string, dataClass: string) => boolean,
  opener: Pick<Sealer, 'open'>,
): Restorations {
  const edits: Edit[] = []
  const refused: RefusedPlaceholder[] = []
  for (const leaf of flatten(value)) {
    for (const { start, end, type, sealed, writing } of findPlaceholders(leaf.text)) {
      const opened = opener.open(sealed, type)
      if (!opened) continue
      const place = { at: atOf(leaf.step), inName: leaf.kind === 'name' }
      const { classes, isNumber } = opened
      if (classes.length > 0 && classes.every((each) => mayRestore(type, each))) {
        edits.push({ ...place, start, end, replacement: written(opened.value, writing), isNumber })
      } else refused.push({ ...place, type, classes })
    }
  }
  return { edits, refused }
}

function written(value: string, writing: Writing): string {
  switch (writing) {
    case 'plain':
      return value
    case 'percent':
      return encodeURIComponent(value)
    case 'entities':
      return value.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  }
}
