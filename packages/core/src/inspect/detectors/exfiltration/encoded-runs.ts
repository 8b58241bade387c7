import type { Span } from '../../reading/view.ts'
import { decodedText } from './decoded-text.ts'

/** Shortest run told, when it is readable text and when it is not, in UTF-16 units. */
const READABLE_UNITS_MIN = 64
const OPAQUE_UNITS_MIN = 400
/** Distance at which units are looked at: no run told is shorter. */
const STRIDE = READABLE_UNITS_MIN
/** Least percent signs in a row. */
const PERCENTS_MIN = 12

const BASE64 = new Uint8Array(65_536)
for (const unit of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=') BASE64[unit.charCodeAt(0)] = 1

/** Pictures, fonts, documents, archives and certificates by their first bytes in base64. */
const FILES =
  /^(?:iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|PHN2Zy|Qk[0-3]|AAABAA|d09G[RM]|AAEAAAA|JVBERi|UEsDB|H4sI|TVqQ|MII|AAAAB3NzaC1|AAAAC3NzaC1|AAAAE2VjZHNh|SUkq|T2dnUw|SUQz|AAAA[A-Za-z0-9+/]{2}Z0eX)/

/** A run of base64, hex or percent escapes. */
export interface EncodedRun extends Span {
  readonly isReadable: boolean
}

/** Long runs of base64 and hex; files are left out. Looks at one unit in 64, and at each of a run once. */
export function* base64Runs(text: string): Generator<EncodedRun> {
  let from = 0
  for (let i = STRIDE - 1; i < text.length; i += STRIDE) {
    if (BASE64[text.charCodeAt(i)] === 0) continue
    let start = i
    while (start > from && BASE64[text.charCodeAt(start - 1)] === 1) start--
    let end = i + 1
    while (end < text.length && BASE64[text.charCodeAt(end)] === 1) end++
    from = end
    i = Math.max(i, end)
    if (end - start < READABLE_UNITS_MIN) continue
    const run = text.slice(start, end)
    if (FILES.test(run)) continue
    const isReadable = decodedText(run) !== undefined
    if (isReadable || (end - start >= OPAQUE_UNITS_MIN && /\d/.test(run))) yield { start, end, isReadable }
  }
}

/** Runs of percent escapes that nothing needs. */
export function* percentRuns(text: string): Generator<EncodedRun> {
  for (let start = text.indexOf('%'); start >= 0; start = text.indexOf('%', start)) {
    let end = start
    let plain = 0
    while (text.charCodeAt(end) === 37 && /^%[0-9a-f]{2}$/i.test(text.slice(end, end + 3))) {
      const unit = Number.parseInt(text.slice(end + 1, end + 3), 16)
      if (((unit | 32) >= 97 && (unit | 32) <= 122) || (unit >= 48 && unit <= 57)) plain++
      end += 3
    }
    const count = (end - start) / 3
    // Letters and digits never need it; in other scripts every byte does.
    if (count >= PERCENTS_MIN && plain * 2 >= count) yield { start, end, isReadable: true }
    start = Math.max(end, start + 1)
  }
}
