/** A text that comes in pieces; joined when it is asked for, because joining at each piece would copy it as often as there are pieces. */
export class GrowingText {
  #pieces: string[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  add(piece: string): void {
    if (piece !== '') this.#pieces.push(piece)
    this.#length += piece.length
  }

  toString(): string {
    if (this.#pieces.length > 1) this.#pieces = [this.#pieces.join('')]
    return this.#pieces[0] ?? ''
  }
}
