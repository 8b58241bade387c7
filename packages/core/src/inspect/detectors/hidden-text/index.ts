import { CHANNELS } from '../../../model/channel.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'

/** Most sightings in one text. */
const SIGHTINGS_MAX = 10

/** Anything below may be hidden; almost no text has any of it, and one look tells. */
const SUSPECT =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- single characters are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u

/** Finds text that people do not see and programs read: zero-width, control, direction, tag and variation characters. */
export const hiddenText = defineDetector({
  id: 'hidden-text',
  channels: CHANNELS,
  reads: 'original',
  detect: (text) => (SUSPECT.test(text) ? runsOf(text) : []),
})

const SEVERITY = {
  control_characters: 'medium',
  direction_characters: 'high',
  invisible_characters: 'medium',
  tag_characters: 'high',
  variation_characters: 'medium',
} as const satisfies Record<string, Sighting['severity']>
type Code = keyof typeof SEVERITY

/** Runs of hidden characters of one kind. One pass. */
function runsOf(text: string): readonly Sighting[] {
  const sightings: Sighting[] = []
  let run: { code: Code; start: number } | undefined
  let before = 0
  for (let i = 0; i < text.length && sightings.length < SIGHTINGS_MAX;) {
    const point = text.codePointAt(i) ?? 0
    const width = point > 0xffff ? 2 : 1
    const code = isOrdinary(point, before, text.codePointAt(i + width) ?? 0) ? undefined : codeOf(point)
    if (run && code !== run.code) {
      sightings.push({ code: run.code, severity: SEVERITY[run.code], start: run.start, end: i })
      run = undefined
    }
    if (code && !run) run = { code, start: i }
    before = point
    i += width
  }
  if (run && sightings.length < SIGHTINGS_MAX)
    sightings.push({ code: run.code, severity: SEVERITY[run.code], start: run.start, end: text.length })
  return sightings
}

/**
 * Emoji are joined by U+200D and styled by U+FE0F; Persian, Arabic and Indic words need U+200C and U+200D between letters;
 * a byte order mark may open a text. There these characters hide nothing.
 */
function isOrdinary(point: number, before: number, after: number): boolean {
  if (point === 0xfe0e || point === 0xfe0f) return isSymbol(before)
  if (point === 0xfeff) return before === 0
  if (point === 0x200d && (isSymbol(before) || before === 0xfe0f)) return isSymbol(after)
  if (point === 0x200c || point === 0x200d) return isJoining(before) && (isJoining(after) || after === 0 || after === 32)
  return false
}

function isSymbol(point: number): boolean {
  return (
    (point >= 0x2190 && point <= 0x3299) ||
    (point >= 0x1f000 && point <= 0x1faff) ||
    point === 0xa9 ||
    point === 0xae ||
    (point >= 0x23 && point <= 0x39)
  )
}

/** Letters of scripts that join: Arabic, Syriac, the Indic blocks, Mongolian. */
function isJoining(point: number): boolean {
  return (point >= 0x600 && point <= 0x86f) || (point >= 0x8a0 && point <= 0xdff) || (point >= 0x1820 && point <= 0x18aa)
}

function codeOf(point: number): Code | undefined {
  if (point < 32 ? point !== 9 && point !== 10 && point !== 13 : point >= 0x7f && point <= 0x9f) return 'control_characters'
  if (point === 0x61c || point === 0x200e || point === 0x200f) return 'direction_characters'
  if ((point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069)) return 'direction_characters'
  if (point >= 0xe0000 && point <= 0xe007f) return 'tag_characters'
  if ((point >= 0xfe00 && point <= 0xfe0f) || (point >= 0xe0100 && point <= 0xe01ef) || (point >= 0x180b && point <= 0x180f))
    return 'variation_characters'
  if (INVISIBLE.has(point) || (point >= 0x200b && point <= 0x200d) || (point >= 0x2060 && point <= 0x206f))
    return 'invisible_characters'
  if ((point >= 0xfff0 && point <= 0xfffb) || point === 0xfffe || point === 0xffff) return 'invisible_characters'
  if ((point >= 0x1d173 && point <= 0x1d17a) || (point >= 0xe0080 && point <= 0xe0fff)) return 'invisible_characters'
  return undefined
}

/** Soft hyphen, grapheme joiner, Hangul and Khmer fillers, byte order mark. */
const INVISIBLE = new Set([0xad, 0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xfeff, 0xffa0])
