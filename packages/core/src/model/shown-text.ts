import type { Json } from './json.ts'

/**
 * Characters that a terminal or a page obeys or hides: controls, bidirectional marks, zero-width and other invisible ones, tags, line
 * separators. Text of agents and servers may use them to draw what is not there.
 * @see UTS #36; "Trojan Source", CVE-2021-42574
 */
export const UNSHOWN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|[\u115F\u1160\u3164\uFFA0]|[\u{FE00}-\u{FE0F}]|[\u{E0100}-\u{E01EF}]/gu

const UNSHOWN_OR_ESCAPE = new RegExp(`${UNSHOWN.source}|\\\\(?=u\\{)`, 'gu')

/** Foreign text for people's eyes: what is invisible or moves other text shows as an escape, and so does what looks like one. */
export function shownText(text: string): string {
  return text.replace(UNSHOWN_OR_ESCAPE, shownCharacter)
}

/** One character as an escape: `\u{202e}`. */
export function shownCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** A value as JSON of two spaces whose strings hide nothing: what hides or moves text is written as an escape of JSON. */
export function shownJson(value: Json): string {
  const units = (character: string): string =>
    [...Array(character.length).keys()].map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
  // The only control characters outside strings are the line feeds that set it out.
  return JSON.stringify(value, undefined, 2).replace(UNSHOWN, (character) => (character === '\n' ? character : units(character)))
}
