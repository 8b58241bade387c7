/** Ids of the special tokens of BERT's uncased vocabulary. */
export const UNKNOWN = 100
const WORD_CHARS_MAX = 100

/** Turns a text into token ids, without the ones that mark its beginning and end. Linear in the text. */
export type Tokenise = (text: string) => number[]

/**
 * BERT's uncased tokeniser: cleaning, lower case without accents, words and punctuation, then the longest pieces the vocabulary
 * has. Same ids as the reference implementation, except that `[SEP]` and its like, written in a text, are text: whoever writes a
 * document cannot end it early.
 * @param vocabulary One token a line; its line number is its id.
 * @see Devlin et al., BERT, 2019; Wu et al., Google's Neural Machine Translation System, 2016, section 4.1
 */
export function wordPieceTokeniser(vocabulary: string): Tokenise {
  const words = new Map<string, number>()
  const endings = new Map<string, number>()
  let longest = 0
  for (const [id, token] of vocabulary.split('\n').entries()) {
    if (token === '') continue
    const ending = token.length > 2 && token.startsWith('##')
    const piece = ending ? token.slice(2) : token
    // `##` alone, and the like, are words as well; a special token is never found, as its brackets are split off.
    ;(ending ? endings : words).set(piece, id)
    longest = Math.max(longest, Array.from(piece).length)
  }
  return (text) => {
    const ids: number[] = []
    for (const word of basicTokens(text)) pieces(word, { words, endings, longest }, ids)
    return ids
  }
}

interface Vocabulary {
  readonly words: ReadonlyMap<string, number>
  readonly endings: ReadonlyMap<string, number>
  /** Code points of the longest piece: nothing longer needs to be looked up. */
  readonly longest: number
}

function pieces(word: string, { words, endings, longest }: Vocabulary, ids: number[]): void {
  const whole = words.get(word)
  if (whole !== undefined) return void ids.push(whole)
  // By code points, as the vocabulary's pieces were made.
  const chars = Array.from(word)
  if (chars.length > WORD_CHARS_MAX) return void ids.push(UNKNOWN)
  const found: number[] = []
  for (let start = 0; start < chars.length;) {
    const known = start === 0 ? words : endings
    let end = Math.min(chars.length, start + longest)
    let id: number | undefined
    while (end > start && (id = known.get(chars.slice(start, end).join(''))) === undefined) end -= 1
    if (id === undefined) return void ids.push(UNKNOWN)
    found.push(id)
    start = end
  }
  ids.push(...found)
}

/** Words and single punctuation marks, cleaned and folded. */
function basicTokens(text: string): string[] {
  const tokens: string[] = []
  let word = ''
  const close = (): void => {
    if (word !== '') tokens.push(word)
    word = ''
  }
  for (const char of text.normalize('NFD')) {
    const code = char.codePointAt(0) ?? 0
    if (isDropped(char, code)) continue
    if (isSpace(char, code)) close()
    else if (isIdeograph(code) || isPunctuation(char, code)) {
      close()
      tokens.push(char)
    } else word += lowered(char, code)
  }
  close()
  return tokens
}

function lowered(char: string, code: number): string {
  if (code < 0x80) return code >= 0x41 && code <= 0x5a ? String.fromCharCode(code + 32) : char
  return char.toLowerCase()
}

function isSpace(char: string, code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d)
  return /\p{White_Space}/u.test(char)
}

/** Control, format and private characters, the replacement character, and marks: accents, once letters are taken apart. */
function isDropped(char: string, code: number): boolean {
  if (code < 0x80) return (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) || code === 0x7f
  return code === 0xfffd || /[\p{Cc}\p{Cf}\p{Co}\p{Mn}]/u.test(char)
}

function isPunctuation(char: string, code: number): boolean {
  if (code < 0x80)
    return (code >= 33 && code <= 47) || (code >= 58 && code <= 64) || (code >= 91 && code <= 96) || (code >= 123 && code <= 126)
  return /\p{P}/u.test(char)
}

/** The blocks of Chinese characters that BERT sets apart; not kana, not hangul. */
function isIdeograph(code: number): boolean {
  return (
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0x3400 && code <= 0x4dbf) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0x20000 && code <= 0x2a6df) ||
    (code >= 0x2a700 && code <= 0x2b81f) ||
    // From 2B920 in the reference implementation, where the block begins at 2B820.
    (code >= 0x2b920 && code <= 0x2ceaf) ||
    (code >= 0x2f800 && code <= 0x2fa1f)
  )
}
