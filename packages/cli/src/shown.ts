import { shownCharacter, UNSHOWN } from '@sallyport/core'

const UNSHOWN_BUT_NEWLINE = new RegExp(`(?!\\n)(?:${UNSHOWN.source})`, 'gu')
const SHOWN_CHARS_MAX = 2_000

/** One line of foreign text for the terminal: what is invisible shows as an escape, what is endless is cut. */
export function shown(text: string, charsMax: number = SHOWN_CHARS_MAX): string {
  return (text.length > charsMax ? `${text.slice(0, charsMax)}…` : text).replace(UNSHOWN, shownCharacter)
}

/** The last gate before the terminal: only line breaks pass, which every caller put there itself. */
export function safeLines(text: string): string {
  return text.replace(UNSHOWN_BUT_NEWLINE, shownCharacter)
}

/** JSON in which nothing can move a cursor; still the same value to every parser. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSHOWN, (character) => [...utf16(character)].join(''))
}

function* utf16(character: string): Generator<string> {
  for (let i = 0; i < character.length; i++) yield `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
}
