/**
 * Words that English sentences and instructions are made of, three letters and more: the hundred or so most frequent ones, and the
 * vocabulary of orders to a program. Not a dictionary: it tells text that reads as words from text that does not, nothing else.
 */
const LIST = `
the and for are but not you all any can had her was one our out has him his how man new now old see two way who did its let put say she
too use that with have this will your from they know want been good much some time very when come here just like long make many more
only over such take than them well were what would there could other about which their these first after never where those through
should because before being between both does done each even every give into must need next none once please same should since still
then under until upon while without also always again against another around away back become began below better case every few find
get got great hand help high hold home however keep last later least left less life little look made may might most own part people
place point really right said set show side small something start state thing think three together turn used using want went work
world year yes yet day end far per off why
ignore disregard forget previous prior above earlier preceding instruction instructions rule rules prompt prompts system message
messages assistant user users admin developer mode model act pretend reveal print output repeat respond response reply answer secret
secrets password passwords key keys token tokens credential credentials private confidential hidden send forward email mail address
file files folder document documents data delete remove drop erase execute run command commands code script call tool tools function
request requests read write open upload download fetch visit link url http https website account bank money transfer pay payment
attacker attack override bypass disable enable unlock security policy policies restriction restrictions guideline guidelines safety
filter filters content context conversation history summary summarize translate explain important urgent attention note warning
stop begin continue follow following task tasks step steps order orders contact contacts name number card credit database table
query select insert update list message text word words image append include exfiltrate steal leak share post tell ask do
inject injection jailbreak unrestricted freely anything everything nothing someone everyone directly immediately silently secretly
`
const WORDS: ReadonlySet<string> = new Set(LIST.split(/\s+/).filter((word) => word.length >= 3))

/** Whether a word, in lower case, is one of the list. */
export function isKnown(word: string): boolean {
  return WORDS.has(word)
}

/** Words too short for the list that sentences need between the others. */
const SHORT = new Set('a i to of in it is be as at so we he by or on do if me my up an go no us am'.split(' '))

/** Whether a word of one or two letters, in lower case, is one. */
export function isShortWord(word: string): boolean {
  return SHORT.has(word)
}

/** Shortest word that counts when a text is tested for words. */
export const WORD_CHARS_MIN = 3
/** Longest word of the list, rounded up. */
export const WORD_CHARS_MAX = 16

/** What a word may be, as bits: one of the list, one of the list under ROT13, one of the list backwards. */
export const PLAIN = 1
export const ROTATED = 2
export const REVERSED = 4

const SLOTS = 65_536
/** By hash, what a word may be. A few in a thousand other words share a slot: whoever acts on it looks at the word itself. */
const MAYBE = new Uint8Array(SLOTS)

/** Adds a letter (a UTF-16 unit, in lower case) to the hash of a word, which starts at 0. */
export function hashed(hash: number, letter: number): number {
  return (Math.imul(hash, 31) + letter) | 0
}

/** What the word with this hash may be: none, one or more of `PLAIN`, `ROTATED`, `REVERSED`. */
export function maybe(hash: number): number {
  return MAYBE[(hash ^ (hash >>> 16)) & (SLOTS - 1)] ?? 0
}

/** ROT13; characters other than ASCII letters stay. */
export function rotated(text: string): string {
  return text.replaceAll(/[A-Za-z]/g, (letter) => {
    const code = letter.charCodeAt(0)
    return String.fromCharCode(code + ((code & 31) <= 13 ? 13 : -13))
  })
}

/** Backwards, by code point. */
export function backwards(text: string): string {
  return Array.from(text).toReversed().join('')
}

for (const word of WORDS) {
  for (const [form, bit] of [
    [word, PLAIN],
    [rotated(word), ROTATED],
    [backwards(word), REVERSED],
  ] as const) {
    let hash = 0
    for (let i = 0; i < form.length; i++) hash = hashed(hash, form.charCodeAt(i))
    const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1)
    MAYBE[slot] = (MAYBE[slot] ?? 0) | bit
  }
}
