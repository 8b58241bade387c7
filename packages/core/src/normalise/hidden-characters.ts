/** Kinds of characters that people do not see and programs read. */
export const HIDDEN_KINDS = ['invisible', 'direction', 'tag', 'variation', 'control'] as const
export type HiddenKind = (typeof HIDDEN_KINDS)[number]

/** Anything below may be hidden; almost no text has any of it, and one look tells. */
const SUSPECT =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- single characters are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u

/** Flags of England, Scotland and Wales: the only emoji written in tag characters. */
const TAG_FLAGS = ['gbeng', 'gbsct', 'gbwls'].map(
  (region) => `${Array.from(region, (char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0))).join('')}\u{e007f}`,
)
const BLACK_FLAG = 0x1f3f4

/**
 * Visits the runs of hidden characters of one kind, in order, until `visit` returns false. Linear. What ordinary writing needs
 * is not hidden: U+200D, U+FE0E, U+FE0F and the tags of three flags in emoji, U+200C and U+200D between letters of scripts that
 * join, a byte order mark in front.
 * @see Unicode Standard, Default_Ignorable_Code_Point; UTS #36, section 3; UAX #9; UTS #51
 */
export function eachHidden(text: string, visit: (kind: HiddenKind, start: number, end: number) => boolean): void {
  if (!SUSPECT.test(text)) return
  let kind: HiddenKind | undefined
  let start = 0
  // The last character that stays, -1 at the start; 0 behind a hidden one.
  let before = -1
  for (let i = 0; i < text.length;) {
    const point = text.codePointAt(i) ?? 0
    const width = point > 0xffff ? 2 : 1
    const found = kindOf(point)
    const seen = found && isOrdinary(point, before, text.codePointAt(i + width) ?? -1) ? undefined : found
    if (kind && seen !== kind && !visit(kind, start, i)) return
    if (seen && seen !== kind) start = i
    kind = seen
    before = seen ? 0 : point
    i += width
    if (point === BLACK_FLAG) i += TAG_FLAGS.find((tags) => text.startsWith(tags, i))?.length ?? 0
  }
  if (kind) visit(kind, start, text.length)
}

/** How many characters (code points) of a text are hidden, by kind. Reporting, not removal (R073): the text stays as it is. */
export function hiddenCharacters(text: string): Readonly<Record<HiddenKind, number>> {
  const counts = { invisible: 0, direction: 0, tag: 0, variation: 0, control: 0 }
  eachHidden(text, (kind, start, end) => {
    for (let i = start; i < end; i++) if (!isTrail(text.charCodeAt(i))) counts[kind]++
    return true
  })
  return counts
}

/** The text without exactly the characters that `hiddenCharacters` counts. For forwarding only where policy says sanitise. */
export function sanitise(text: string): string {
  const kept: string[] = []
  let from = 0
  eachHidden(text, (_, start, end) => {
    kept.push(text.slice(from, start))
    from = end
    return true
  })
  return from === 0 ? text : kept.join('') + text.slice(from)
}

function isTrail(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

function isOrdinary(point: number, before: number, after: number): boolean {
  if (point === 0xfe0e || point === 0xfe0f) return isSymbol(before)
  if (point === 0xfeff) return before === -1
  if (point === 0x200d && (isSymbol(before) || before === 0xfe0f)) return isSymbol(after)
  if (point === 0x200c || point === 0x200d) return isJoining(before) && (isJoining(after) || after === -1 || after === 32)
  return false
}

/** Emoji outside the blocks of symbols: copyright, registered, exclamations, trade mark, information. */
const LONE_SYMBOLS = new Set([0xa9, 0xae, 0x203c, 0x2049, 0x2122, 0x2139])

function isSymbol(point: number): boolean {
  return (
    (point >= 0x2190 && point <= 0x3299) ||
    (point >= 0x1f000 && point <= 0x1faff) ||
    LONE_SYMBOLS.has(point) ||
    (point >= 0x23 && point <= 0x39)
  )
}

/** Letters of scripts that join: Arabic, Syriac, the Indic blocks, Mongolian. */
function isJoining(point: number): boolean {
  return (point >= 0x600 && point <= 0x86f) || (point >= 0x8a0 && point <= 0xdff) || (point >= 0x1820 && point <= 0x18aa)
}

function kindOf(point: number): HiddenKind | undefined {
  if (point < 32 ? point !== 9 && point !== 10 && point !== 13 : point >= 0x7f && point <= 0x9f) return 'control'
  if (point < 0xad) return undefined
  if (point === 0x61c || point === 0x200e || point === 0x200f) return 'direction'
  if ((point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069)) return 'direction'
  if (point >= 0xe0000 && point <= 0xe007f) return 'tag'
  if ((point >= 0xfe00 && point <= 0xfe0f) || (point >= 0xe0100 && point <= 0xe01ef) || (point >= 0x180b && point <= 0x180f))
    return 'variation'
  if (INVISIBLE.has(point) || (point >= 0x200b && point <= 0x200d) || (point >= 0x2060 && point <= 0x206f)) return 'invisible'
  if ((point >= 0xfff0 && point <= 0xfffb) || point === 0xfffe || point === 0xffff) return 'invisible'
  if ((point >= 0x1d173 && point <= 0x1d17a) || (point >= 0xe0080 && point <= 0xe0fff)) return 'invisible'
  return undefined
}

/** Soft hyphen, grapheme joiner, Hangul and Khmer fillers, byte order mark. */
const INVISIBLE = new Set([0xad, 0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xfeff, 0xffa0])
