import { CHANNELS } from '../../../model/channel.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import { lineKind, type LineKind } from './line-kind.ts'

/** Most blocks in one text. */
const BLOCKS_MAX = 20
/** Fewest lines of code in a block, and fewest marks of structure of different kinds among them. */
const CODE_LINES_MIN = 4
const MARKS_MIN = 3
/** Lines in a row that are neither code nor blank and end a block. */
const OTHER_LINES_MAX = 2
/** Longest part of a line that is looked at, in UTF-16 units; code that was made small is one long line. */
const LINE_UNITS_MAX = 2_000

interface Block {
  start: number
  end: number
  code: number
  other: number
  others: number
  marks: number
}

/**
 * Finds blocks of source code by how dense their structure is: lines that declare, assign, call, branch and nest, in the languages
 * of braces, of indentation, of `end`, and SQL. Marks and words of one kind alone do not make a block, so prose with a few code
 * words, data in JSON or YAML, and logs are none. Class `source-code`, severity low: what it means is for policy to say.
 */
export const sourceCode = defineDetector({
  id: 'source-code',
  channels: CHANNELS.filter((channel) => channel !== 'definition'),
  reads: 'every',
  detect: (text, { view }) => (view === 'rot13' || view === 'reversed' || view === 'leet' ? [] : blocksOf(text)),
})

function blocksOf(text: string): readonly Sighting[] {
  const sightings: Sighting[] = []
  let block: Block | undefined
  const close = () => {
    if (block && isCode(block))
      sightings.push({ code: 'source_code', severity: 'low', class: 'source-code', start: block.start, end: block.end })
    block = undefined
  }
  for (let start = 0; start < text.length && sightings.length < BLOCKS_MAX;) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line = lineKind(text.slice(start, Math.min(end, start + LINE_UNITS_MAX)))
    if (line.kind === 'code') block = grown(block, { start, end, line })
    else if (line.kind === 'other' && block && (block.others++, ++block.other > OTHER_LINES_MAX)) close()
    start = end + 1
  }
  close()
  return sightings
}

function grown(block: Block | undefined, { start, end, line }: { start: number; end: number; line: LineKind }): Block {
  const grows = block ?? { start, end, code: 0, other: 0, others: 0, marks: 0 }
  grows.end = end
  grows.code += line.weight
  grows.other = 0
  grows.marks |= line.marks
  return grows
}

function isCode({ code, others, marks }: Block): boolean {
  return code >= CODE_LINES_MIN && code > others && bitCount(marks) >= MARKS_MIN
}

function bitCount(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}
