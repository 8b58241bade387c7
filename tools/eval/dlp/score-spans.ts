import { round, wilson, type Share } from '../wilson.ts'

/** A stretch of one type in one text; `end` is exclusive. */
export interface TypedSpan {
  readonly type: string
  readonly start: number
  readonly end: number
}

/** What was to be found in one text, and what was. */
export interface Scored {
  readonly wanted: readonly TypedSpan[]
  readonly seen: readonly TypedSpan[]
}

export type Quality = { readonly precision: Share; readonly recall: Share; readonly f1: number | null }
export type TypeScore = { readonly wanted: number; readonly seen: number; readonly exact: Quality; readonly overlapping: Quality }

type Meets = (a: TypedSpan, b: TypedSpan) => boolean
const same: Meets = (a, b) => a.start === b.start && a.end === b.end
const overlaps: Meets = (a, b) => a.start < b.end && b.start < a.end

/** Precision and recall of one type, or of all types together when `type` is left out; types must agree either way. */
export function scoreSpans(texts: readonly Scored[], type?: string): TypeScore {
  const counts = { wanted: 0, seen: 0, exactRight: 0, exactFound: 0, overlapRight: 0, overlapFound: 0 }
  for (const { wanted, seen } of texts) {
    const want = wanted.filter((span) => type === undefined || span.type === type)
    const saw = seen.filter((span) => type === undefined || span.type === type)
    counts.wanted += want.length
    counts.seen += saw.length
    counts.exactRight += met(saw, want, same)
    counts.exactFound += met(want, saw, same)
    counts.overlapRight += met(saw, want, overlaps)
    counts.overlapFound += met(want, saw, overlaps)
  }
  const { wanted, seen, exactRight, exactFound, overlapRight, overlapFound } = counts
  return {
    wanted,
    seen,
    exact: quality(wilson(exactRight, seen), wilson(exactFound, wanted)),
    overlapping: quality(wilson(overlapRight, seen), wilson(overlapFound, wanted)),
  }
}

function met(spans: readonly TypedSpan[], others: readonly TypedSpan[], meets: Meets): number {
  return spans.filter((span) => others.some((other) => other.type === span.type && meets(span, other))).length
}

export function quality(precision: Share, recall: Share): Quality {
  const [p, r] = [precision.share, recall.share]
  return { precision, recall, f1: p === null || r === null || p + r === 0 ? null : round((2 * p * r) / (p + r)) }
}
