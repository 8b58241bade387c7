import type { Json } from '../../model/json.ts'
import { applyEdits, type At, type Edit } from '../edit/apply-edits.ts'
import { mergeSpans, widest, type MergedSpan } from '../edit/edit-text.ts'
import { textAt } from '../edit/text-at.ts'
import type { Span } from '../reading/view.ts'
import { findPlaceholders } from './find-placeholders.ts'
import { maskText, placeholderText, SEALED_VALUE_CHARS_MAX, typeName } from './placeholder-text.ts'
import type { SealedValue, Sealer } from './sealer.ts'

/** A part of one text of a JSON value that must not be seen, located as in `Edit`. */
export interface SeenValue extends Span {
  readonly at: At
  readonly inName?: boolean
  /** What it is: the code of the finding. */
  readonly type: string
  /** Class of data. */
  readonly class: string
}

/**
 * Plans the edits that put placeholders in the place of values. Where values overlap, one placeholder stands for all of it: its
 * type is that of the widest, its classes are all of theirs, so that it opens only where each of them may go. Values too long to
 * seal, or not well-formed, are masked for good. A placeholder that is there already is left alone. Linear.
 * @throws RangeError when something lies outside the JSON value.
 */
export function redactions(value: Json, seen: readonly SeenValue[], sealer: Sealer): readonly Edit[] {
  return byPlace(seen).flatMap(({ at, inName, spans }) => {
    const { text, isNumber } = textAt(value, at, inName)
    return unsealed(text, spans, sealer).map(({ start, end, members }) => {
      const content = {
        value: text.slice(start, end),
        classes: [...new Set(members.map((each) => each.class))].sort(),
        isNumber: isNumber && end - start === text.length,
      }
      return { at, inName, start, end, replacement: replacementOf(content, widest(members).type, sealer) }
    })
  })
}

/** A JSON value with typed masks (`[payment_card]`) in the place of values: what is recorded or logged. There is no way back. */
export function maskedForRecord(value: Json, seen: readonly Omit<SeenValue, 'class'>[]): Json {
  return applyEdits(
    value,
    seen.map(({ type, ...place }) => ({ ...place, replacement: maskText(type) })),
  )
}

/** What is left to seal: detectors see cards and keys in sealed values too. Only what opens counts; its form alone proves nothing. */
function unsealed(text: string, spans: readonly SeenValue[], sealer: Sealer): readonly MergedSpan<SeenValue>[] {
  const sealed = findPlaceholders(text).filter((each) => sealer.open(each.sealed, each.type) !== undefined)
  if (sealed.length === 0) return mergeSpans(text, spans)
  return mergeSpans(
    text,
    spans.filter(({ start, end }) => !sealed.some((each) => each.start <= start && end <= each.end)),
  )
}

function replacementOf(content: SealedValue, type: string, sealer: Sealer): string {
  const name = typeName(type)
  const canReturn = content.value.length <= SEALED_VALUE_CHARS_MAX && content.value.isWellFormed()
  const sealed = canReturn ? sealer.seal(content, name) : undefined
  return sealed === undefined ? maskText(name) : placeholderText(name, sealed)
}

/** Values by the text that they are in. */
function byPlace(seen: readonly SeenValue[]): readonly { at: At; inName: boolean; spans: readonly SeenValue[] }[] {
  const places = new Map<string, { at: At; inName: boolean; spans: SeenValue[] }>()
  for (const each of seen) {
    const inName = each.inName ?? false
    const key = JSON.stringify([inName, ...each.at])
    const known = places.get(key)
    if (known) known.spans.push(each)
    else places.set(key, { at: each.at, inName, spans: [each] })
  }
  return [...places.values()]
}
