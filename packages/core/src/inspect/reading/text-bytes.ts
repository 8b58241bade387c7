const CHUNK = 4096

/** Text of UTF-8 bytes; `undefined` when they are not UTF-8. A sequence cut off at the end is left out. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  let text = ''
  let units: number[] = []
  for (let i = 0; i < bytes.length;) {
    const first = bytes[i] ?? 0
    const width = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
    if (width === 0) return undefined
    if (i + width > bytes.length) break
    let point = width === 1 ? first : first & (0x7f >> width)
    for (let k = 1; k < width; k++) {
      const next = bytes[i + k] ?? 0
      if ((next & 0xc0) !== 0x80) return undefined
      point = (point << 6) | (next & 0x3f)
    }
    if ((width === 3 && point < 0x800) || (width === 4 && (point < 0x10000 || point > 0x10ffff))) return undefined
    if (point >= 0xd800 && point <= 0xdfff) return undefined
    if (point < 0x10000) units.push(point)
    else units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff))
    if (units.length >= CHUNK) {
      text += String.fromCharCode(...units)
      units = []
    }
    i += width
  }
  return text + String.fromCharCode(...units)
}

/** Text of bytes as UTF-8, or as UTF-16 in the byte order of Windows when every other byte is 0. */
export function textOfBytes(bytes: Uint8Array): string | undefined {
  const isWide = bytes.length >= 8 && bytes[1] === 0 && bytes[3] === 0 && bytes[5] === 0 && bytes[7] === 0
  return utf8Text(isWide ? bytes.filter((_, index) => index % 2 === 0) : bytes)
}

/** Of the characters of a decoded text, how many must be letters, digits or spaces. Random bytes stay far below. */
const PLAIN_MIN = 0.7
/** A short text is a coincidence more easily. */
const SHORT_CHARS_MAX = 12
const SHORT_LETTERS_MIN = 0.8

/** Whether a text has no control characters but tabs and line ends. */
export function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 ? code !== 9 && code !== 10 && code !== 13 : code >= 0x7f && code < 0xa0) return false
  }
  return true
}

/**
 * Whether a decoded text reads as text: no control characters but tabs and line ends, and mostly letters, digits and spaces.
 * Hashes, keys, images and other binary content do not.
 */
export function looksLikeText(text: string): boolean {
  if (!isPrintable(text)) return false
  let letters = 0
  let others = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (((code | 32) >= 97 && (code | 32) <= 122) || code > 0xbf) letters++
    else if (code === 32 || code === 10 || (code >= 48 && code <= 57)) others++
  }
  if (text.length < SHORT_CHARS_MAX) return letters >= 3 && letters >= text.length * SHORT_LETTERS_MIN
  return letters + others >= text.length * PLAIN_MIN
}
