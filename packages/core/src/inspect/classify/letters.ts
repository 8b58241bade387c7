/** What a UTF-16 unit is to the reader of tokens. `ALONE`: a letter of a script written without spaces, a token by itself. */
export const SPACE = 0
export const STOP = 1
export const LETTER = 2
export const DIGIT = 3
export const ALONE = 4
/** Not there: invisible characters, combining accents, apostrophes. */
export const SKIPPED = 5

/** By UTF-16 unit: its class, and the unit it is read as (small, without accent). */
export interface Letters {
  readonly kinds: Uint8Array
  readonly folded: Uint16Array
}

const UNITS = 0x10000
/** Thai to Lao, Myanmar, Khmer, kana, Han. */
const ALONE_RANGES: readonly (readonly [number, number])[] = [
  [0x0e00, 0x0eff],
  [0x1000, 0x109f],
  [0x1780, 0x17ff],
  [0x3040, 0x30ff],
  [0x3400, 0x9fff],
  [0xf900, 0xfaff],
]
const SKIPPED_RANGES: readonly (readonly [number, number])[] = [
  [0x00ad, 0x00ad],
  [0x0300, 0x036f],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
]
const APOSTROPHES = "'\u2019\u02bc`"
/** A sentence, a value or an element begins after one of these. */
const STOPS = '.!?:;\n\r([{<>"|*#“”„«»「」『』。！？：；、，।؟،•·—–=/\\'
const HANGUL = [0xac00, 0xd7ff] as const

let built: Letters | undefined

/** The table, made at first use: about 200 KB. */
export function letters(): Letters {
  built ??= build()
  return built
}

function build(): Letters {
  const kinds = new Uint8Array(UNITS)
  const folded = new Uint16Array(UNITS)
  for (let unit = 0; unit < UNITS; unit++) {
    folded[unit] = unit
    // Syllables decompose and ideographs are many: neither is looked at letter by letter.
    const isPlain =
      (unit >= 0x3400 && unit <= 0x9fff) || (unit >= HANGUL[0] && unit <= HANGUL[1]) || (unit >= 0xd800 && unit <= 0xf8ff)
    if (isPlain) kinds[unit] = unit >= HANGUL[0] && unit <= HANGUL[1] ? LETTER : SPACE
    else classify(unit, kinds, folded)
  }
  for (const [from, to] of ALONE_RANGES)
    for (let unit = from; unit <= to; unit++) if (unit >= 0x3400 || kinds[unit] === LETTER) kinds[unit] = ALONE
  for (const [from, to] of SKIPPED_RANGES) kinds.fill(SKIPPED, from, to + 1)
  for (const mark of APOSTROPHES) kinds[mark.charCodeAt(0)] = SKIPPED
  for (const mark of STOPS) kinds[mark.charCodeAt(0)] = STOP
  return { kinds, folded }
}

function classify(unit: number, kinds: Uint8Array, folded: Uint16Array): void {
  const text = String.fromCharCode(unit)
  if (/[\p{L}\p{M}]/u.test(text)) kinds[unit] = LETTER
  else if (/\p{N}/u.test(text)) kinds[unit] = DIGIT
  else return
  const base = text.normalize('NFKD').toLowerCase()
  const rest = base.slice(1)
  // Only what loses nothing but accents; a voiced kana or a vowel sign is another letter.
  if (base.length === 1 || /^[\u0300-\u036f]+$/.test(rest)) folded[unit] = base.charCodeAt(0)
}
