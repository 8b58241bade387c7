import type { Span } from './view.ts'

/**
 * Finds in one text, from places that never go back by much. What was found or not found last is kept, so that many searches are
 * one pass over the text together.
 */
export class Finder {
  readonly #text: string
  /** Per string: from where it was looked for last, and where it is; the end of the text when it is nowhere. */
  readonly #last = new Map<string, Span>()

  constructor(text: string) {
    this.#text = text
  }

  /** As `indexOf`. */
  find(what: string, from: number): number {
    let last = this.#last.get(what)
    if (!last || from < last.start || from > last.end) {
      const at = this.#text.indexOf(what, from)
      last = { start: from, end: at < 0 ? Infinity : at }
      this.#last.set(what, last)
    }
    return last.end === Infinity ? -1 : last.end
  }
}
