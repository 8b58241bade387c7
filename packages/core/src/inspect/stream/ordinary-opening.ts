import { blockOpening, earliest, runOpening, wordStart, type Opening } from './opening.ts'

/** Longest key, token, address or encoded run. */
const WORD_CHARS_MAX = 4_096
/** Longest identifier written in groups: an IBAN of 34 characters and its spaces. */
const GROUPS_CHARS_MAX = 64
/** Longest link, image or tag. */
const MARKUP_CHARS_MAX = 2_048
/** What belongs to a link or tag and stands before it, such as `!` and `\\`, is held as part of a word. */
const BEFORE_MARKUP_CHARS_MAX = 16
/** A private key of 16,384 bits has 12 KB. */
const PEM_CHARS_MAX = 16_000

/**
 * Where ordinary detectors of identifiers, secrets and markup may have a match open: the word that the text ends in, groups of
 * digits or capitals, a link or tag that is not closed, a PEM block. After a plain word and a space nothing is held. Detectors of
 * phrases and names add `termOpening` or `lastChars`.
 */
export const ordinaryOpening: Opening = earliest([
  runOpening({ isPart: isWordPart, charsMax: WORD_CHARS_MAX }),
  runOpening({ isPart: isGroupPart, isFirst: isGroupFirst, charsMax: GROUPS_CHARS_MAX }),
  openMarkup,
  blockOpening({ begin: '-----BEGIN', end: '-----END', charsMax: PEM_CHARS_MAX, afterChars: 64 }),
])

/** Everything but white space and letters of scripts without capitals, whose texts may have no spaces and whose words are no keys. */
function isWordPart(code: number): boolean {
  return code < 128 ? code > 32 && code < 127 : !/[\s\p{Lo}]/u.test(String.fromCharCode(code))
}

function isGroupPart(code: number): boolean {
  if (code >= 128) return /[\p{N}\p{Lu}\p{M}\p{Cf}\p{Pd}\p{Zs}\p{Cs}]/u.test(String.fromCharCode(code))
  return isGroupFirst(code) || GROUP_JOINTS.has(code)
}

/** Digits and capitals. */
function isGroupFirst(code: number): boolean {
  if (code >= 128) return /[\p{N}\p{Lu}\p{Cs}]/u.test(String.fromCharCode(code))
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 43
}

const GROUP_JOINTS = new Set(Array.from(' -./()\t\r\n', (each) => each.charCodeAt(0)))

/** The first `[` or `<` of the last paragraph that may still become a link, an image or a tag. */
function openMarkup(text: string): number {
  const paragraph = text.lastIndexOf('\n\n')
  let i = Math.max(0, text.length - MARKUP_CHARS_MAX, paragraph)
  while (i < text.length) {
    const code = text.charCodeAt(i)
    const end = code === 60 ? tagEnd(text, i) : code === 91 ? linkEnd(text, i) : i + 1
    if (end === undefined) return wordStart(text, i, Math.max(0, i - BEFORE_MARKUP_CHARS_MAX))
    i = end
  }
  return text.length
}

/** Where a tag or comment ends; `undefined` while it does not. */
function tagEnd(text: string, start: number): number | undefined {
  const next = text.charAt(start + 1)
  if (next !== '' && !/[a-z/!?]/i.test(next)) return start + 1
  const close = text.startsWith('<!--', start) ? '-->' : '>'
  const end = text.indexOf(close, start + 1)
  return end < 0 ? undefined : end + close.length
}

/** Where a link, or a bracket that is none, ends; `undefined` while it does not. */
function linkEnd(text: string, start: number): number | undefined {
  const label = text.indexOf(']', start)
  if (label < 0 || label === text.length - 1) return undefined
  if (text.charAt(label + 1) !== '(') return label + 1
  const target = text.indexOf(')', label)
  return target < 0 ? undefined : target + 1
}
