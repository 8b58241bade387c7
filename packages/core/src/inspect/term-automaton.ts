/** Longest term, in UTF-16 units after folding. */
export const TERM_UNITS_MAX = 200

/**
 * For each of the 65,536 units what it is compared as; `SKIP` leaves it out, so that terms are found across it. Blanks in a row
 * are one. A table, since a call for each unit would take most of the time.
 */
export type UnitFold = Int32Array
export const SKIP = -1
export const BLANK = 32

export function unitFold(fold: (unit: number) => number): UnitFold {
  return Int32Array.from({ length: 65_536 }, (_, unit) => fold(unit))
}

/** A term that ends in a text: its number in the list, and its place. */
export interface TermMatch {
  readonly term: number
  readonly start: number
  readonly end: number
}

/** Finds every term of a list in one pass; the callback says whether to go on. */
export type TermAutomaton = (text: string, onMatch: (match: TermMatch) => boolean) => void

/**
 * Builds an Aho–Corasick automaton. Time to build is linear in the units of all terms, time to search in the text and the matches,
 * whatever the number of terms. Terms of no unit, or of more than `TERM_UNITS_MAX`, are never found.
 * @see Aho and Corasick, "Efficient string matching", CACM 18 (1975)
 */
export function termAutomaton(terms: readonly string[], fold: UnitFold): TermAutomaton {
  const { children, ends, lengths, states } = trieOf(terms, fold)
  const { fallback, output } = links(children, ends, states)
  const atRoot = new Int32Array(65_536)
  for (const [unit, state] of children.of(0)) atRoot[unit] = state
  // Where the last units that count stood: a match may span units that were left out. Used anew in each search.
  const places = new Int32Array(256)
  return (text, onMatch) => {
    let counted = 0
    let state = 0
    let before = SKIP
    for (let i = 0; i < text.length; i++) {
      const unit = fold[text.charCodeAt(i)] ?? SKIP
      if (unit === SKIP || (unit === BLANK && before === BLANK)) continue
      before = unit
      places[counted++ & 255] = i
      if (state === 0) state = atRoot[unit] ?? 0
      else {
        let next = children.get(state, unit)
        while (next === 0 && state !== 0) {
          state = fallback[state] ?? 0
          next = state === 0 ? (atRoot[unit] ?? 0) : children.get(state, unit)
        }
        state = next
      }
      if (state === 0) continue
      for (let at = ends[state] === 0 ? (output[state] ?? 0) : state; at !== 0; at = output[at] ?? 0) {
        const term = (ends[at] ?? 0) - 1
        const start = places[(counted - (lengths[term] ?? 0)) & 255] ?? 0
        if (!onMatch({ term, start, end: i + 1 })) return
      }
    }
  }
}

/** The states of a trie, the root being 0: their children, and the number of the term that ends there, from 1. */
interface Trie {
  readonly children: Children
  readonly ends: Int32Array
  readonly lengths: Int32Array
  readonly states: number
}

function trieOf(terms: readonly string[], fold: UnitFold): Trie {
  const folded = terms.map((term) => {
    const units = Array.from({ length: term.length }, (_, i) => fold[term.charCodeAt(i)] ?? SKIP).filter((unit) => unit !== SKIP)
    return units.length > TERM_UNITS_MAX ? [] : units
  })
  const statesMax = folded.reduce((sum, units) => sum + units.length, 1)
  const children = new Children(statesMax)
  const ends = new Int32Array(statesMax)
  let states = 1
  folded.forEach((units, term) => {
    let state = 0
    for (const unit of units) {
      const known = children.get(state, unit)
      if (known === 0) children.set(state, unit, states)
      state = known === 0 ? states++ : known
    }
    if (state !== 0) ends[state] ||= term + 1
  })
  return { children, ends, lengths: Int32Array.from(folded, (units) => units.length), states }
}

/** For each state the longest proper suffix that is a state too, and the next suffix at which a term ends. */
function links(children: Children, ends: Int32Array, states: number): { fallback: Int32Array; output: Int32Array } {
  const fallback = new Int32Array(states)
  const output = new Int32Array(states)
  const queue = [...children.of(0)].map(([, state]) => state)
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head] ?? 0
    const above = fallback[state] ?? 0
    output[state] = ends[above] === 0 ? (output[above] ?? 0) : above
    for (const [unit, child] of children.of(state)) {
      let suffix = above
      while (suffix !== 0 && children.get(suffix, unit) === 0) suffix = fallback[suffix] ?? 0
      fallback[child] = children.get(suffix, unit)
      queue.push(child)
    }
  }
  return { fallback, output }
}

/** State and unit → child, as an open hash table in two arrays: maps of maps of this size would take ten times the memory. */
class Children {
  readonly #keys: Float64Array
  readonly #states: Int32Array
  readonly #mask: number
  /** Of each state its last child, and of each child the one before it. */
  readonly #last: Int32Array
  readonly #before: Int32Array
  readonly #unit: Uint16Array

  constructor(statesMax: number) {
    const size = 2 ** Math.ceil(Math.log2(statesMax * 2 + 2))
    this.#mask = size - 1
    this.#keys = new Float64Array(size)
    this.#states = new Int32Array(size)
    this.#last = new Int32Array(statesMax + 1)
    this.#before = new Int32Array(statesMax + 1)
    this.#unit = new Uint16Array(statesMax + 1)
  }
  /** The child, or 0. */
  get(state: number, unit: number): number {
    const key = state * 65_536 + unit + 1
    for (let slot = this.#slot(state, unit); this.#keys[slot] !== 0; slot = (slot + 1) & this.#mask)
      if (this.#keys[slot] === key) return this.#states[slot] ?? 0
    return 0
  }
  set(state: number, unit: number, child: number): void {
    let slot = this.#slot(state, unit)
    while (this.#keys[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#keys[slot] = state * 65_536 + unit + 1
    this.#states[slot] = child
    this.#before[child] = this.#last[state] ?? 0
    this.#last[state] = child
    this.#unit[child] = unit
  }
  *of(state: number): Generator<readonly [unit: number, child: number]> {
    for (let child = this.#last[state] ?? 0; child !== 0; child = this.#before[child] ?? 0) yield [this.#unit[child] ?? 0, child]
  }
  #slot(state: number, unit: number): number {
    const mixed = Math.imul(state ^ Math.imul(unit, 0x9e3779b1), 0x85ebca6b)
    return (mixed ^ (mixed >>> 15)) & this.#mask
  }
}
