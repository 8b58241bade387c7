/** Longest name compared, in UTF-16 units. */
const NAME_CHARS_MAX = 256

/**
 * Characters that look like Latin letters, by the letter they look like. A selection of the UTS #39 confusables of the scripts
 * that imitate Latin best (Cyrillic, Greek, Armenian, Cherokee, Lisu) and of the digits that pass for letters.
 */
const LOOK_LIKE: Readonly<Record<string, string>> = {
  a: 'аαɑ⍺',
  b: 'вьЬβʙ',
  c: 'сϲᴄⅽ',
  d: 'ԁɗⅾ',
  e: 'еεҽєꬲ',
  f: 'ƒϝẝꞙ',
  g: 'ɡցᶃ',
  h: 'һհнʜ',
  i: 'іιıɩ1lⅼ|!ӏǀ',
  j: 'јϳʝ',
  k: 'кκᴋ',
  m: 'мⅿᴍ',
  n: 'пηոᴨ',
  o: '0оοօσᴏ०٠',
  p: 'рρⲣ',
  q: 'ԛզ',
  r: 'гᴦꭇ',
  s: 'ѕꜱƽ5',
  t: 'тτᴛ',
  u: 'υսʋꭎ',
  v: 'ѵνᴠ',
  w: 'ѡԝաɯᴡ',
  x: 'хχ×',
  y: 'уγყʏ',
  z: 'ᴢʐ2',
}
const LETTER = new Map(
  Object.entries(LOOK_LIKE).flatMap(([letter, likes]) => Array.from(likes).map((like) => [like, letter] as const)),
)

/**
 * What a name looks like: two names with the same skeleton can be taken for each other. Case, separators, accents, invisible
 * characters and compatibility forms do not count, and look-alike characters become one.
 * @see UTS #39, section 4
 */
export function skeleton(name: string): string {
  let text = ''
  for (const char of name.slice(0, NAME_CHARS_MAX).normalize('NFKD').toLowerCase()) {
    if (/[\p{M}\p{Default_Ignorable_Code_Point}\p{C}\p{Z}_./-]/u.test(char)) continue
    text += LETTER.get(char) ?? char
  }
  return text.replaceAll('rn', 'm').replaceAll('vv', 'w')
}

/** What one character looks like: lower case letters and digits, look-alikes resolved; nothing for what is not seen. */
export function looksLike(char: string): string {
  if (char >= '\u2e80' && char <= '\ud7ff' && char.length === 1) return char
  let text = ''
  for (const part of char.normalize('NFKD').toLowerCase())
    if (!/[\p{M}\p{Default_Ignorable_Code_Point}\p{C}\p{Z}]/u.test(part)) text += LETTER.get(part) ?? part
  return text
}
