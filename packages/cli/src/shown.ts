/**
 * Characters a terminal obeys or hides: controls, bidirectional marks, zero-width and other invisible ones, tags, line
 * separators. Text of agents and servers may use them to draw what is not there.
 * @see UTS #36; "Trojan Source", CVE-2021-42574
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|[\u115F\u1160\u3164\uFFA0]|[\u{FE00}-\u{FE0F}]|[\u{E0100}-\u{E01EF}]/gu
const UNSAFE_BUT_NEWLINE = new RegExp(`(?!\\n)(?:${UNSAFE.source})`, 'gu')
const SHOWN_CHARS_MAX = 2_000

/** One line of foreign text for the terminal: what is invisible shows as an escape, what is endless is cut. */
export function shown(text: string, charsMax: number = SHOWN_CHARS_MAX): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text
  return cut.replace(UNSAFE, escape)
}

/** The last gate before the terminal: only line breaks pass, which every caller put there itself. */
export function safeLines(text: string): string {
  return text.replace(UNSAFE_BUT_NEWLINE, escape)
}

/** JSON in which nothing can move a cursor; still the same value to every parser. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) => [...utf16(character)].join(''))
}

function escape(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

function* utf16(character: string): Generator<string> {
  for (let i = 0; i < character.length; i++) yield `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
}
