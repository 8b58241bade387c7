/** A private-use character, which ordinary text does not have. */
export const DATAMARK = '\ue000'

/**
 * Puts a mark between all words, so that a model can tell at every word that it reads data (Hines et al., "Spotlighting", 2024).
 * A single space becomes the mark; other white space stays and is followed by it. Marks the text had are taken out first.
 * @throws RangeError when the mark is not exactly one character, or is white space.
 */
export function datamark(text: string, mark: string = DATAMARK): string {
  check(mark)
  return text.replaceAll(mark, '').replaceAll(/\s+/g, (space) => (space === ' ' ? mark : space + mark))
}

/** Takes the marks out again: `undatamark(datamark(text))` is `text` for every text without the mark. */
export function undatamark(text: string, mark: string = DATAMARK): string {
  check(mark)
  const pieces = text.split(mark)
  return pieces.map((piece, index) => (index === 0 || /\s$/.test(pieces[index - 1] ?? '') ? piece : ` ${piece}`)).join('')
}

function check(mark: string): void {
  if (Array.from(mark).length !== 1 || /\s/.test(mark)) throw new RangeError('a mark is one character other than white space')
}
