import type { Span } from './view.ts'

/** How many characters of a reading come from how many of its source, at a time; `read` below 0 runs backwards. */
export interface Step {
  readonly written: number
  readonly read: number
}
const IN_STEP: Step = { written: 1, read: 1 }

/**
 * Writes one reading of a source and remembers where each part came from: pieces, not one number per character, and a piece
 * goes on as long as characters keep step. Parts must be written in the order of the source unless they are whole regions.
 */
export class Draft {
  readonly #source: string
  readonly #parts: string[] = []
  #length = 0
  /** Per piece: where it begins in the reading, begins and ends in the source, and how many of each make one step. */
  readonly #at: number[] = []
  readonly #from: number[] = []
  readonly #to: number[] = []
  readonly #written: number[] = []
  readonly #read: number[] = []

  constructor(source: string) {
    this.#source = source
  }

  get length(): number {
    return this.#length
  }

  get endsLine(): boolean {
    return this.#length === 0 || (this.#parts.at(-1) ?? '').endsWith('\n')
  }

  /** Takes a part of the source as it is. */
  copy(start: number, end: number): void {
    if (end > start) this.#add(this.#source.slice(start, end), { start, end }, IN_STEP)
  }

  /**
   * Writes text that came from a part of the source, which must not be empty. Texts of equal length keep step, others are one
   * piece, unless a step is given.
   */
  put(text: string, from: Span, step?: Step): void {
    if (text === '') return
    const keepsStep = text.length === from.end - from.start
    this.#add(text, from, step ?? (keepsStep ? IN_STEP : { written: text.length, read: from.end - from.start }))
  }

  #add(text: string, from: Span, { written, read }: Step): void {
    const last = this.#at.length - 1
    const goesOn =
      written === 1 && read === 1 && this.#read[last] === 1 && this.#written[last] === 1 && this.#to[last] === from.start
    if (goesOn) this.#to[last] = from.end
    else {
      this.#at.push(this.#length)
      this.#from.push(from.start)
      this.#to.push(from.end)
      this.#written.push(written)
      this.#read.push(read)
    }
    this.#parts.push(text)
    this.#length += text.length
  }

  text(): string {
    return this.#parts.join('')
  }

  /** The smallest span of the source that a span of the reading came from; not empty, unless the source is. */
  locate(start: number, end: number): Span {
    if (this.#length === 0) return { start: 0, end: Math.min(1, this.#source.length) }
    const first = Math.max(0, Math.min(start, this.#length - 1))
    const last = Math.max(first, Math.min(end, this.#length) - 1)
    const [piece, lastPiece] = [this.#pieceAt(first), this.#pieceAt(last)]
    const ends = [this.#origin(piece, first), this.#origin(lastPiece, last)]
    // A piece may run backwards, so that its far end in the reading is its near one in the source.
    if (piece !== lastPiece)
      ends.push(this.#origin(piece, (this.#at[piece + 1] ?? 1) - 1), this.#origin(lastPiece, this.#at[lastPiece] ?? 0))
    return { start: Math.min(...ends.map(({ start: from }) => from)), end: Math.max(...ends.map(({ end: to }) => to)) }
  }

  #pieceAt(index: number): number {
    let low = 0
    for (let high = this.#at.length - 1; low < high;) {
      const middle = (low + high + 1) >> 1
      if ((this.#at[middle] ?? 0) <= index) low = middle
      else high = middle - 1
    }
    return low
  }

  #origin(piece: number, index: number): Span {
    const [from, to, read] = [this.#from[piece] ?? 0, this.#to[piece] ?? 0, this.#read[piece] ?? 1]
    const step = Math.floor((index - (this.#at[piece] ?? 0)) / (this.#written[piece] ?? 1)) * read
    const start = read > 0 ? Math.min(from + step, to - 1) : Math.max(from, to + step + read)
    return { start, end: read > 0 ? Math.min(start + read, to) : Math.min(start - read, to) }
  }
}
