import { Draft, type Step } from './draft.ts'
import { RUN_CHARS_MIN, isHexDigit, type Marks } from './marks.ts'
import { isPrintable, looksLikeText, textOfBytes } from './text-bytes.ts'
import type { Span } from './view.ts'

/** Characters decoded first, to see whether the rest is worth it. */
const PROBE_CHARS = 16
/** Shortest run of digits that is no number, in characters. */
const NUMBER_CHARS_MAX = 40
/** Longest indentation of a wrapped line, in characters. */
const INDENT_CHARS_MAX = 8

type Encoding = 'hex' | 'base32' | 'base64'
const BITS: Readonly<Record<Encoding, number>> = { hex: 4, base32: 5, base64: 6 }
/** Steps in which decoded bytes and characters keep pace. */
const STEP = {
  hex: { written: 1, read: 2 },
  base32: { written: 5, read: 8 },
  base64: { written: 3, read: 4 },
} as const

/**
 * Runs that decode to text, per encoding: base64 (also URL-safe, also wrapped over lines), base32, hex (also in pairs, with or
 * without `0x`). What does not read as text when decoded is no reading.
 * @see RFC 4648
 */
export function decoded(text: string, marks: Marks): readonly (readonly [Encoding, Draft])[] {
  const drafts = new Map<Encoding, Draft>()
  const written = new Map<Encoding, number>()
  let done = 0
  for (let k = 0; k < marks.runs.length; k += 2) {
    const run = { start: marks.runs[k] ?? 0, end: marks.runs[k + 1] ?? 0 }
    if (run.start < done) continue
    done = decodeRun(text, run, add)
  }
  if (marks.hasHexPairs) for (const pairs of hexPairs(text)) add('hex', pairs)
  return [...drafts]

  function add(encoding: Encoding, block: Block): void {
    const draft = drafts.get(encoding) ?? new Draft(text)
    const last = written.get(encoding)
    const gap = last === undefined ? '' : /^ {0,3}$/.test(text.slice(last, Math.min(block.start, last + 5))) ? ' ' : '\n'
    draft.put(gap, { start: block.start, end: block.start + 1 })
    for (const part of block.parts) draft.put(part.text, part, part.step)
    drafts.set(encoding, draft)
    written.set(encoding, block.end)
  }
}

interface Block extends Span {
  readonly parts: readonly Part[]
}
interface Part extends Span {
  readonly text: string
  readonly step?: Step
}
type Add = (encoding: Encoding, block: Block) => void

/** @returns where to go on. */
function decodeRun(text: string, run: Span, add: Add): number {
  for (const encoding of ['hex', 'base32', 'base64'] as const) {
    const isPrefixed = encoding === 'hex' && text[run.start] === '0' && text[run.start + 1] === 'x'
    const first = { start: run.start + (isPrefixed ? 2 : 0), end: run.end }
    if (encoding === 'hex' && isNumber(text, first)) continue
    if (!isOf(text, first, encoding) || !isPromising(text, first, encoding)) continue
    const lines = [first, ...linesAfter(text, first.end, encoding)]
    const whole = blockOf(text, lines, encoding)
    const blocks = whole ? [whole] : lines.flatMap((line) => blockOf(text, [line], encoding) ?? [])
    for (const block of blocks) add(encoding, block)
    return lines.at(-1)?.end ?? run.end
  }
  // A path or an identifier may be glued to it.
  const parts = text.slice(run.start, run.end).split(/[-+/_]/)
  if (parts.length === 1) return run.end
  let start = run.start
  for (const part of parts) {
    if (part.length >= RUN_CHARS_MIN) decodeRun(text, { start, end: start + part.length }, add)
    start += part.length + 1
  }
  return run.end
}

/** Digits alone are a number. Text in hex has letters among its digits before long. */
function isNumber(text: string, { start, end }: Span): boolean {
  return end - start < NUMBER_CHARS_MAX && /^[0-9]*$/.test(text.slice(start, end))
}

function isPromising(text: string, { start, end }: Span, encoding: Encoding): boolean {
  const probe = textOfBytes(bytesOf(text, [{ start, end: Math.min(end, start + PROBE_CHARS) }], encoding))
  return probe !== undefined && isPrintable(probe)
}

/** The lines below that go on with a run: nothing but its alphabet, to the end of the line. */
function linesAfter(text: string, runEnd: number, encoding: Encoding): readonly Span[] {
  const lines: Span[] = []
  for (let end = runEnd; ;) {
    const start = lineAfter(text, end)
    if (start === undefined) return lines
    end = start
    while (end < text.length && valueOf(text.charCodeAt(end), encoding) >= 0) end++
    if (end === start || !'\r\n="\''.includes(text[end] ?? '\n')) return lines
    lines.push({ start, end })
  }
}

/** Where the next line begins, behind its indentation or quotation marks; `undefined` when this is not the end of a line. */
function lineAfter(text: string, end: number): number | undefined {
  let at = text[end] === '\r' ? end + 1 : end
  if (text[at] !== '\n') return undefined
  at++
  const limit = at + INDENT_CHARS_MAX
  while (at < limit && (text[at] === ' ' || text[at] === '\t' || text[at] === '>')) at++
  return at
}

function isOf(text: string, { start, end }: Span, encoding: Encoding): boolean {
  for (let i = start; i < end; i++) if (valueOf(text.charCodeAt(i), encoding) < 0) return false
  return true
}

/** Decoded, when it reads as text. Line by line where each is a whole number of steps, so that places stay exact. */
function blockOf(text: string, lines: readonly Span[], encoding: Encoding): Block | undefined {
  const [first, last] = [lines[0], lines.at(-1)]
  if (!first || !last) return undefined
  const bytes = bytesOf(text, lines, encoding)
  const whole = textOfBytes(bytes)
  if (whole === undefined || !looksLikeText(whole)) return undefined
  const { written, read } = STEP[encoding]
  const keepsStep = whole.length === bytes.length && lines.every(({ start, end }) => end === last.end || (end - start) % read === 0)
  let at = 0
  const parts = keepsStep
    ? lines.map(({ start, end }): Part => {
        const length = end === last.end ? whole.length - at : ((end - start) / read) * written
        at += length
        return { start, end, text: whole.slice(at - length, at), step: STEP[encoding] }
      })
    : [{ start: first.start, end: last.end, text: whole, step: { written: whole.length, read: last.end - first.start } }]
  return { start: first.start, end: last.end, parts }
}

/** Bytes of lines in one encoding, one behind the other; what does not fill a byte at the end is left out. */
export function bytesOf(text: string, lines: readonly Span[], encoding: Encoding): Uint8Array {
  const size = lines.reduce((sum, { start, end }) => sum + end - start, 0)
  const bytes = new Uint8Array((size * BITS[encoding]) >> 3)
  let [bits, count, at] = [0, 0, 0]
  for (const { start, end } of lines) {
    for (let i = start; i < end; i++) {
      bits = ((bits << BITS[encoding]) | valueOf(text.charCodeAt(i), encoding)) & 0xffff
      count += BITS[encoding]
      if (count < 8) continue
      count -= 8
      bytes[at++] = bits >> count
    }
  }
  return bytes
}

/** Value of a digit of an encoding; -1 for any other character. Base64 takes both alphabets. */
function valueOf(code: number, encoding: Encoding): number {
  const isUpper = code >= 65 && code <= 90
  const isLower = code >= 97 && code <= 122
  const isDigit = code >= 48 && code <= 57
  if (encoding === 'hex') return isDigit ? code - 48 : isHexDigit(code) ? (code | 32) - 87 : -1
  if (encoding === 'base32') return isUpper || isLower ? (code | 32) - 97 : code >= 50 && code <= 55 ? code - 24 : -1
  if (isUpper) return code - 65
  if (isLower) return code - 71
  if (isDigit) return code + 4
  return code === 43 || code === 45 ? 62 : code === 47 || code === 95 ? 63 : -1
}

/** Bytes written as pairs of hex digits with something between them: `69 67 6e`, `69:67:6e`, `0x69, 0x67`. */
function hexPairs(text: string): readonly Block[] {
  const blocks: Block[] = []
  const pattern = /(?<![0-9A-Za-z])(?:0x)?([0-9A-Fa-f]{2})(?![0-9A-Za-z])[ ,:;\t\r\n]{0,4}/g
  let [bytes, start, end, width, isEven] = [[] as number[], 0, 0, 0, true]
  for (const match of text.matchAll(pattern)) {
    if (match.index !== end) {
      close()
      ;[bytes, start, width, isEven] = [[], match.index, match[0].length, true]
    } else if (bytes.length > 0 && (match.index - start) % width !== 0) isEven = false
    bytes.push(Number.parseInt(match[1] ?? '', 16))
    end = match.index + match[0].length
  }
  close()
  return blocks

  function close(): void {
    if (bytes.length < 6) return
    const found = textOfBytes(Uint8Array.from(bytes))
    if (found === undefined || !looksLikeText(found)) return
    const keepsStep = isEven && found.length === bytes.length
    const step = keepsStep ? { written: 1, read: width } : { written: found.length, read: end - start }
    blocks.push({ start, end, parts: [{ start, end, text: found, step }] })
  }
}
