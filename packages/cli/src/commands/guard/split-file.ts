import { isGatewayError, type Json, parseJson, sniff } from '@sallyport/core'

/** A part of a file that is inspected by itself. */
export interface FilePart {
  readonly value: Json
  /** Line it begins in, from 1; absent where lines say nothing. */
  readonly line?: number
  /** JSON pointer of the part within the file. */
  readonly at: string
}

/** Texts are inspected in pieces, which overlap so that nothing is cut in two. In UTF-16 units. */
const PIECE_CHARS = 65_536
const OVERLAP_CHARS = 2_048
/** Formats that are read as text; everything else is a document. */
const TEXTS: ReadonlySet<string> = new Set(['text', 'html', 'svg', 'xml', 'json', 'csv', 'empty'])

/** A file in parts, by its ending and its bytes; `undefined` when it is not text. */
export function splitFile(name: string, bytes: Uint8Array): readonly FilePart[] | undefined {
  if (!TEXTS.has(sniff(bytes).type)) return undefined
  const text = new TextDecoder().decode(bytes)
  const ending = /\.([a-z]{1,8})$/i.exec(name)?.[1]?.toLowerCase()
  if (ending === 'jsonl' || ending === 'ndjson') return linesOf(text)
  if (ending === 'json') return jsonParts(text) ?? pieces(text)
  if (ending === 'csv' || ending === 'tsv') return rowsOf(text, ending === 'csv' ? ',' : '\t')
  return pieces(text)
}

function linesOf(text: string): readonly FilePart[] {
  return text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [{ value: parsed(line) ?? line, line: index + 1, at: '' }]))
}

/** Items of a list are parts of their own. */
function jsonParts(text: string): readonly FilePart[] | undefined {
  const value = parsed(text)
  if (value === undefined) return undefined
  return Array.isArray(value)
    ? (value as readonly Json[]).map((item, index) => ({ value: item, at: `/${index}` }))
    : [{ value, at: '' }]
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text)
  } catch (error) {
    if (!isGatewayError(error)) throw error
    return undefined
  }
}

function pieces(text: string): readonly FilePart[] {
  const parts: FilePart[] = []
  let line = 1
  for (let start = 0; start < text.length || parts.length === 0;) {
    const end = lineEnd(text, start + PIECE_CHARS)
    parts.push({ value: text.slice(start, end), line, at: '' })
    if (end >= text.length) break
    const next = Math.max(start + 1, text.lastIndexOf('\n', end - OVERLAP_CHARS) + 1)
    line += newlines(text.slice(start, next))
    start = next
  }
  return parts
}

/** End of the last whole line before a place, or of the line it is in. */
function lineEnd(text: string, at: number): number {
  if (at >= text.length) return text.length
  const before = text.lastIndexOf('\n', at)
  if (before > at - PIECE_CHARS + OVERLAP_CHARS) return before + 1
  const after = text.indexOf('\n', at)
  return after < 0 ? text.length : after + 1
}

/** How many lines a text begins after its first. */
export function newlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}

/** Rows under the names of the first one. @see RFC 4180 */
function rowsOf(text: string, separator: string): readonly FilePart[] {
  const rows = parseRows(text, separator)
  const [head, ...rest] = rows
  if (!head) return []
  const names = head.cells.map((name, index) => (name === '' ? `column ${index + 1}` : name))
  const first = { value: head.cells, line: head.line, at: '' }
  return [
    first,
    ...rest.map(({ cells, line }) => ({
      value: Object.fromEntries(cells.map((cell, i) => [names[i] ?? `column ${i + 1}`, cell])),
      line,
      at: '',
    })),
  ]
}

interface Row {
  readonly cells: string[]
  readonly line: number
}

function parseRows(text: string, separator: string): readonly Row[] {
  const rows: Row[] = []
  let cells: string[] = []
  let [line, rowLine, cell, isQuoted] = [1, 1, '', false]
  const endRow = (): void => {
    cells.push(cell)
    if (cells.length > 1 || cell.trim() !== '') rows.push({ cells, line: rowLine })
    cells = []
    cell = ''
    rowLine = line
  }
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? ''
    if (c === '\n') line++
    if (isQuoted && c === '"' && text[i + 1] === '"') cell += text[i++]
    else if (c === '"' && (isQuoted || cell === '')) isQuoted = !isQuoted
    else if (!isQuoted && c === separator) {
      cells.push(cell)
      cell = ''
    } else if (!isQuoted && c === '\n') endRow()
    else if (isQuoted || c !== '\r') cell += c
  }
  endRow()
  return rows
}
