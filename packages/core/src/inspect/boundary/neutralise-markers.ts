import { findMarkers } from '../detectors/boundary-markers/find-markers.ts'
import type { Marker } from '../detectors/boundary-markers/marker.ts'

/** What a person reads as the same sign and no tokenizer or template does; none changes under NFKC. */
const HARMLESS: Readonly<Record<string, string>> = {
  '<': '‹',
  '>': '›',
  '[': '⟦',
  ']': '⟧',
  '#': '⌗',
  ':': '꞉',
  '|': '¦',
  '｜': '¦',
  '∣': '¦',
}
/** Signs that frame a line such as `--- END OF DOCUMENT ---`; where there are none, the spaces of `END OF USER INPUT`. */
const FRAME = /[-=*#~_%+<>[\](){}| ]/g

/** Most rounds; one mark inside another needs a second. */
const ROUNDS_MAX = 4

/**
 * Escapes everything in a text that a chat template or a tokenizer could read as structure: control tokens, role tags, tool
 * blocks, section and turn headers, ends of content. For text of third parties; what the operator wrote as system prompt is never
 * passed here. What it returns it leaves alone the next time. Linear in the text.
 */
export function neutraliseMarkers(text: string): string {
  let plain = text
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const tokens = findMarkers(plain).filter(({ isToken }) => isToken)
    if (tokens.length === 0) break
    plain = escaped(plain, tokens)
  }
  return plain
}

function escaped(text: string, tokens: readonly Marker[]): string {
  let out = ''
  let from = 0
  for (const { kind, start, end } of tokens) {
    const token = text.slice(start, end)
    const harmless = kind === 'end_of_content' && !token.startsWith('</') ? token.replaceAll(FRAME, '·') : escapeSigns(token)
    out += text.slice(from, start) + harmless
    from = end
  }
  return out + text.slice(from)
}

function escapeSigns(token: string): string {
  return token.replaceAll(/[<>[\]#:|｜∣]/g, (sign) => HARMLESS[sign] ?? sign)
}
