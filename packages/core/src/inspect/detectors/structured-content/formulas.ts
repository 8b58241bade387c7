import type { Sighting } from '../../define-detector.ts'

/** Most formulas reported in one text. */
const SIGHTINGS_MAX = 10
/** Longest cell looked at, in UTF-16 units. */
const CELL_CHARS_MAX = 512

/** What spreadsheets take for the beginning of a formula, in both widths. @see OWASP, "CSV Injection". */
const OPENERS = new Set('=+-@＝＋－＠')
/** A formula opener, wherever: one look tells that a text has none. */
const SUSPECT = /[=+\-@＝＋－＠]/

/** Functions of Excel, LibreOffice and Google Sheets: those that reach out or run something, and those that attacks start with. */
const FUNCTIONS = new Set(
  (
    'hyperlink webservice importxml importdata importfeed importhtml importrange image dde ddeauto call exec register rtd filterxml ' +
    'indirect cmd sql.request run shell system googlefinance googletranslate query ' +
    'sum if ifs iferror and or not concat concatenate textjoin char unichar code encodeurl text value left right mid len substitute ' +
    'vlookup hlookup xlookup lookup index match offset choose let lambda row column rows columns cell info address average count ' +
    'counta max min abs round int rand now today date sumif countif arrayformula switch'
  ).split(' '),
)

/**
 * Formulas at the beginning of cells: of a text that is one value, of its lines, of the fields of a line. Numbers, phone
 * numbers, list items, handles and prose begin like formulas and are none.
 */
export function formulas(text: string): readonly Sighting[] {
  if (!SUSPECT.test(text)) return []
  const sightings: Sighting[] = []
  let isCellStart = true
  for (let i = 0; i < text.length && sightings.length < SIGHTINGS_MAX; i++) {
    const char = text[i] ?? ''
    if (isCellStart && OPENERS.has(char)) {
      const end = formulaEnd(text, i)
      if (end > 0) {
        sightings.push({ code: 'csv_formula', severity: 'medium', start: i, end })
        i = end - 1
      }
      isCellStart = false
    } else isCellStart = isSeparator(char) || (isCellStart && isSkipped(char, text[i - 1]))
  }
  return sightings
}

function isSeparator(char: string): boolean {
  return char === ',' || char === ';' || char === '\t' || char === '\n' || char === '\r'
}

/** Quotes open a cell; blanks at the beginning of a line are skipped by some programs, those behind a comma are prose. */
function isSkipped(char: string, before: string | undefined): boolean {
  if (char === '"' || char === "'") return true
  return (char === ' ' || char === '\u00a0') && before !== ',' && before !== ';'
}

/** End of the formula that begins at `start`; 0 when it is none. */
function formulaEnd(text: string, start: number): number {
  let end = start
  const last = Math.min(text.length, start + CELL_CHARS_MAX)
  while (end < last && text[end] !== '\n' && text[end] !== '\r') end++
  const cell = text.slice(start, end).normalize('NFKC')
  return callsFunction(cell) || linksOut(cell) ? end : 0
}

/** `=SUM(`, `@SUM(`, `-1+SUM(`, `=-HYPERLINK (`. */
function callsFunction(cell: string): boolean {
  const name = /^[=+\-@](?:[=+\-@\d.*/^( ]{0,32})([A-Za-z][A-Za-z.]{1,31}) ?\(/.exec(cell)?.[1]
  if (name === undefined || !FUNCTIONS.has(name.toLowerCase())) return false
  // `- if (…)` and `@query(…)` are a list and a decorator; people write functions of spreadsheets in capitals.
  return cell.startsWith('=') || name === name.toUpperCase()
}

/** `=cmd|' /C calc'!A0` starts a program, `='file:///…'#$…` and `='\\host\…'!A1` fetch. */
function linksOut(cell: string): boolean {
  const pipe = cell.indexOf("|'")
  if (pipe > 0 && /[A-Za-z]$/.test(cell.slice(0, pipe)) && cell.indexOf("'!", pipe + 2) > 0) return true
  return /^=[+\-@ ]{0,4}'(?:file:|https?:|\\\\)/i.test(cell)
}
