import { Draft, type Step } from './draft.ts'
import type { Span } from './view.ts'

/** A part of a text to be read as something else. */
export interface Edit extends Span {
  readonly text: string
  readonly step?: Step
}

/** Longest text that is read whole around its edits, in UTF-16 units. */
const WHOLE_CHARS_MAX = 4096
/** Characters kept on either side of an edit in a longer text: an encoded word means nothing without its sentence. */
const CONTEXT_CHARS = 256

/** A text with edits applied, in order of place; of a long text only the surroundings of each edit. */
export function spliced(text: string, edits: readonly Edit[]): Draft {
  const draft = new Draft(text)
  const context = text.length <= WHOLE_CHARS_MAX ? WHOLE_CHARS_MAX : CONTEXT_CHARS
  let at = 0
  for (const edit of edits) {
    const from = Math.max(at, edit.start - context)
    const rest = Math.min(from, at + (draft.length > 0 ? context : 0))
    draft.copy(at, rest)
    if (from > rest && draft.length > 0) draft.put('\n', { start: from - 1, end: from })
    draft.copy(from, edit.start)
    draft.put(edit.text, edit, edit.step)
    at = edit.end
  }
  draft.copy(at, Math.min(text.length, at + context))
  return draft
}
