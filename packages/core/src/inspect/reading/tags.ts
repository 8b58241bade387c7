import { eachHidden } from '../../normalise/hidden-characters.ts'
import { Draft } from './draft.ts'
import { looksLikeText, utf8Text } from './text-bytes.ts'

/** A run of this many characters or more is a message of its own; shorter ones, scattered over a text, are one together. */
const MESSAGE_CHARS_MIN = 4
/** Fewest invisible characters that are tried as bits: four letters. */
const BITS_MIN = 32

/**
 * What hidden characters spell: ASCII in tag characters, bytes in variation selectors (0 to 15 in U+FE00 to U+FE0F, 16 to 255 in
 * U+E0100 to U+E01EF), bits in two invisible characters.
 */
export function tagsRead(text: string): Draft {
  const draft = new Draft(text)
  let wasLong = false
  const bytes = { values: [] as number[], start: 0, end: 0 }
  eachHidden(text, (kind, start, end) => {
    if (kind === 'variation') {
      if (bytes.values.length === 0) bytes.start = start
      for (let i = start; i < end; i += width(text, i)) {
        const point = text.codePointAt(i) ?? 0
        if (point >= 0xfe00 && point <= 0xfe0f) bytes.values.push(point - 0xfe00)
        else if (point >= 0xe0100) bytes.values.push(point - 0xe0100 + 16)
      }
      bytes.end = end
    } else if (kind === 'tag') {
      const isLong = end - start >= 2 * MESSAGE_CHARS_MIN
      if (isLong && wasLong) draft.put('\n', { start, end: start + 2 })
      wasLong = isLong
      for (let i = start; i < end; i += 2) {
        const code = (text.codePointAt(i) ?? 0) - 0xe0000
        if (code >= 32 && code < 127) draft.put(String.fromCharCode(code), { start: i, end: i + 2 }, { written: 1, read: 2 })
      }
    } else if (kind === 'invisible' && end - start >= BITS_MIN) {
      const found = textOfBits(text.slice(start, end))
      if (found) whole(draft, found, { start, end })
    }
    return true
  })
  const found = bytes.values.length >= MESSAGE_CHARS_MIN ? utf8Text(Uint8Array.from(bytes.values)) : undefined
  if (found && looksLikeText(found)) whole(draft, found, bytes)
  return draft
}

function whole(draft: Draft, text: string, { start, end }: { start: number; end: number }): void {
  if (draft.length > 0) draft.put('\n', { start, end: start + 1 })
  draft.put(text, { start, end }, { written: text.length, read: end - start })
}

/** Two invisible characters as 0 and 1, either way round, eight to a byte; a third one may stand between bytes. */
function textOfBits(run: string): string | undefined {
  const counts = new Map<string, number>()
  for (const char of run) counts.set(char, (counts.get(char) ?? 0) + 1)
  const [a, b] = [...counts].toSorted((left, right) => right[1] - left[1]).map(([char]) => char)
  if (a === undefined || b === undefined) return undefined
  for (const one of [a, b]) {
    const bits = Array.from(run)
      .filter((char) => char === a || char === b)
      .map((char) => (char === one ? 1 : 0))
    const bytes = new Uint8Array(bits.length >> 3)
    for (let i = 0; i < bytes.length * 8; i++) bytes[i >> 3] = ((bytes[i >> 3] ?? 0) << 1) | (bits[i] ?? 0)
    const text = utf8Text(bytes)
    if (text && looksLikeText(text)) return text
  }
  return undefined
}

function width(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}
