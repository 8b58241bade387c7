import type { Leaf } from './flatten.ts'
import type { Span } from './reading/view.ts'

/** Longest text that counts as a field; what is longer is read by itself. */
export const FIELD_CHARS_MAX = 256
/** Longest concatenation; a run of fields that is longer is cut into several. */
export const FIELDS_CHARS_MAX = 4_096

/** A part of one text. */
export interface LeafSpan extends Span {
  readonly leaf: Leaf
}

/** Neighbouring short texts read as one, for what was split over them. */
export interface FieldsView {
  readonly text: string
  /** The texts that a span of the concatenation covers, and how much of each; empty only when it covers nothing but joints. */
  readonly locate: (start: number, end: number) => readonly LeafSpan[]
}

/**
 * Concatenates neighbouring short strings and numbers; names and empty texts are passed over, a long text ends a run. Runs of
 * one are left out: they read the same alone. Where a run is cut for length, the next begins with its last quarter, so that what
 * was split is seen whole wherever the cut lies, up to `FIELDS_CHARS_MAX / 4`. Linear: no text is in more than two views.
 * @param joint What stands between two texts: nothing, for a word or number cut in two; a space, for a sentence.
 */
export function fieldsViews(leaves: Iterable<Leaf>, joint: '' | ' '): readonly FieldsView[] {
  const views: FieldsView[] = []
  let run: Leaf[] = []
  let chars = 0
  const close = (): void => {
    if (run.length > 1) views.push(viewOf(run, joint))
  }
  for (const leaf of leaves) {
    if (leaf.kind === 'name' || leaf.text === '') continue
    if (leaf.text.length > FIELD_CHARS_MAX) {
      close()
      run = []
      chars = 0
      continue
    }
    if (chars + leaf.text.length > FIELDS_CHARS_MAX) {
      close()
      run = run.slice(overlapOf(run))
      chars = run.reduce((sum, { text }) => sum + text.length + joint.length, 0)
    }
    run.push(leaf)
    chars += leaf.text.length + joint.length
  }
  close()
  return views
}

/** Index of the first of the last fields that together are at most a quarter of a view. */
function overlapOf(run: readonly Leaf[]): number {
  let chars = 0
  let first = run.length
  while (first > 0) {
    chars += run[first - 1]?.text.length ?? 0
    if (chars > FIELDS_CHARS_MAX / 4) break
    first--
  }
  return first
}

function viewOf(run: readonly Leaf[], joint: string): FieldsView {
  const starts: number[] = []
  let length = 0
  for (const leaf of run) {
    starts.push(length)
    length += leaf.text.length + joint.length
  }
  return {
    text: run.map((leaf) => leaf.text).join(joint),
    locate: (start, end) =>
      run.flatMap((leaf, index) => {
        const offset = starts[index] ?? 0
        const from = Math.max(0, start - offset)
        const to = Math.min(leaf.text.length, end - offset)
        return from < to ? [{ leaf, start: from, end: to }] : []
      }),
  }
}
