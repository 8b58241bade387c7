import type { Sighting } from './define-detector.ts'
import type { Span } from './reading/view.ts'

/** One text of a call: an argument or an element of a list, with its JSON pointer. */
export interface Part {
  readonly path: string
  readonly text: string
}

/** What several parts make up together. */
export interface SplitSighting {
  readonly sighting: Pick<Sighting, 'code' | 'severity' | 'class' | 'score'>
  /** Every part involved, in the order in which they were joined, with the place in its own text. */
  readonly parts: readonly (Span & { readonly path: string })[]
}

/** Longest part that is joined to others: a longer one holds a whole secret. In UTF-16 units. */
const PART_UNITS_MAX = 256
/** Most parts looked at, most joined at a time, and most sightings. */
const PARTS_MAX = 5_000
const JOINED_MAX = 4
const SIGHTINGS_MAX = 20
/** Longest part that belongs to a text written letter by letter, and most of these joined at a time. */
const CRUMB_UNITS_MAX = 8
const CRUMBS_MAX = 2_000

/**
 * Finds what was split over several arguments or elements: neighbours are joined, two to four at a time, and runs of crumbs as a
 * whole, in the order given and in the order of their paths. Only what no part holds alone is reported. Each part is read a small
 * constant number of times, so the whole is linear if `detect` is. Parts beyond `PARTS_MAX` are not looked at.
 * @param detect Finds secrets or identifiers in one text; pure.
 */
export function splitSecrets(parts: readonly Part[], detect: (text: string) => readonly Sighting[]): readonly SplitSighting[] {
  const short = parts.slice(0, PARTS_MAX).flatMap(({ path, text }) => {
    const start = text.length - text.trimStart().length
    const plain = text.trim()
    return plain === '' || plain.length > PART_UNITS_MAX ? [] : [{ path, text: plain, start }]
  })
  const byPath = short.toSorted((a, b) => (naturally(a.path) < naturally(b.path) ? -1 : 1))
  const isSame = byPath.every((part, index) => part === short[index])
  const found = new Map<string, SplitSighting>()
  for (const order of isSame ? [short] : [short, byPath])
    for (const group of groupsOf(order)) {
      if (found.size >= SIGHTINGS_MAX) return [...found.values()]
      for (const split of across(group, detect)) {
        const key = `${split.sighting.code} ${split.parts.map(({ path }) => path).join(' ')}`
        // The fewest parts come first; more of them add only what has nothing to do with it.
        if (![...found.values()].some((known) => known.sighting.code === split.sighting.code && holdsAll(split, known)))
          found.set(key, split)
      }
    }
  return [...found.values()].slice(0, SIGHTINGS_MAX)
}

interface ShortPart extends Part {
  /** Blanks in front that were left out. */
  readonly start: number
}

function* groupsOf(parts: readonly ShortPart[]): Generator<readonly ShortPart[]> {
  for (let size = 2; size <= JOINED_MAX; size++) for (let at = 0; at + size <= parts.length; at++) yield parts.slice(at, at + size)
  let run: ShortPart[] = []
  for (const part of parts) {
    const isCrumb = part.text.length <= CRUMB_UNITS_MAX
    if (isCrumb) run.push(part)
    if ((!isCrumb || run.length >= CRUMBS_MAX) && run.length > 0) {
      if (run.length > JOINED_MAX) yield run
      run = []
    }
  }
  if (run.length > JOINED_MAX) yield run
}

/** What is found in a group joined and reaches over a border. */
function across(group: readonly ShortPart[], detect: (text: string) => readonly Sighting[]): readonly SplitSighting[] {
  const joined = group.map(({ text }) => text).join('')
  return detect(joined).flatMap(({ start, end, ...sighting }) => {
    let from = 0
    const parts = group.flatMap((part) => {
      const place = { start: Math.max(start, from) - from, end: Math.min(end, from + part.text.length) - from }
      from += part.text.length
      return place.start < place.end ? [{ path: part.path, start: place.start + part.start, end: place.end + part.start }] : []
    })
    return parts.length > 1 ? [{ sighting, parts }] : []
  })
}

function holdsAll(outer: SplitSighting, inner: SplitSighting): boolean {
  return inner.parts.every(({ path }) => outer.parts.some((part) => part.path === path))
}

/** A path whose numbers compare by value. */
function naturally(path: string): string {
  return path.replaceAll(/\d{1,9}/g, (digits) => digits.padStart(9, '0'))
}
