import type { Span } from '../reading/view.ts'

/** A place in a text and what stands there afterwards. */
export interface TextEdit extends Span {
  readonly replacement: string
}

/** Spans that overlap, as one: `start` to `end` covers them all, `members` are in the order of where they start. */
export interface MergedSpan<S extends Span> extends Span {
  readonly members: readonly S[]
}

/**
 * Joins overlapping spans, so that none of what any of them covers is left over; spans that only touch stay apart. A span that
 * would cut a surrogate pair in two takes the whole pair. The result is in order and free of overlaps.
 * @throws RangeError when a span is empty or reaches outside the text.
 */
export function mergeSpans<S extends Span>(text: string, spans: readonly S[]): readonly MergedSpan<S>[] {
  const merged: { start: number; end: number; members: S[] }[] = []
  const ordered = spans.length < 2 ? spans : spans.toSorted((a, b) => a.start - b.start)
  for (const span of ordered) {
    if (!isWithin(text, span)) throw new RangeError('a span is empty or lies outside the text')
    const start = isInsidePair(text, span.start) ? span.start - 1 : span.start
    const end = isInsidePair(text, span.end) ? span.end + 1 : span.end
    const last = merged.at(-1)
    if (last && start < last.end) {
      last.end = Math.max(last.end, end)
      last.members.push(span)
    } else merged.push({ start, end, members: [span] })
  }
  return merged
}

/** The member that covers most; of equals, the first. */
export function widest<S extends Span>(members: readonly S[]): S {
  return members.reduce((best, span) => (span.end - span.start > best.end - best.start ? span : best))
}

/**
 * Replaces parts of a text and nothing else. Where edits overlap, all that they cover gives way to the replacement of the widest.
 * @throws RangeError as `mergeSpans`.
 */
export function editText(text: string, edits: readonly TextEdit[]): string {
  let edited = ''
  let at = 0
  for (const { start, end, members } of mergeSpans(text, edits)) {
    edited += text.slice(at, start) + widest(members).replacement
    at = end
  }
  return edited + text.slice(at)
}

/** Whether a place in a text lies between the two halves of one character. */
export function isInsidePair(text: string, index: number): boolean {
  return isHalf(text.charCodeAt(index - 1), 0xd800) && isHalf(text.charCodeAt(index), 0xdc00)
}

function isHalf(code: number, first: number): boolean {
  return code >= first && code < first + 0x400
}

function isWithin(text: string, { start, end }: Span): boolean {
  return Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= text.length
}
