import { likenessOf } from './confusables.ts'

/** Longest name compared, in UTF-16 units. */
const NAME_CHARS_MAX = 256

/** ASCII that passes for other ASCII in most typefaces. */
const ALIKE: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '2': 'z', '5': 's', l: 'i', '|': 'i', '!': 'i' }

/**
 * What a name looks like: two names with the same skeleton can be taken for each other. Case, separators, accents, invisible
 * characters and compatibility forms do not count, and look-alike characters become one.
 * @see UTS #39, section 4
 */
export function skeleton(name: string): string {
  let text = ''
  for (const char of name.slice(0, NAME_CHARS_MAX).normalize('NFKD')) {
    if (/[\p{M}\p{Default_Ignorable_Code_Point}\p{C}\p{Z}_./-]/u.test(char)) continue
    for (const letter of (likenessOf(char.codePointAt(0) ?? 0) ?? char).toLowerCase()) {
      if (!/[_./ -]/.test(letter)) text += drawnLike(letter)
    }
  }
  return text.replaceAll('rn', 'm').replaceAll('vv', 'w')
}

/** A lower case letter or sign, with those that most typefaces draw alike taken for one. */
export function drawnLike(letter: string): string {
  return ALIKE[letter] ?? letter
}

/** What one character looks like: lower case letters and digits, look-alikes resolved; nothing for what is not seen. */
export function looksLike(char: string): string {
  if (char >= '\u2e80' && char <= '\ud7ff' && char.length === 1) return char
  let text = ''
  for (const part of char.normalize('NFKD').toLowerCase())
    if (!/[\p{M}\p{Default_Ignorable_Code_Point}\p{C}\p{Z}]/u.test(part))
      text += likenessOf(part.codePointAt(0) ?? 0)?.toLowerCase() ?? part
  return text
}
