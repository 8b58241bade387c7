import type { HiddenPlace } from '@sallyport/core'
import type { Collector } from '../../collect-text.ts'
import { readXml } from '../../read-xml.ts'
import { readFormula } from './instruction.ts'
import { isLight } from './light-colour.ts'

/** Most strings, formats and hidden columns kept. */
const ITEMS_MAX = 500_000
/** Letters of a point. */
const TINY_POINTS = 1

/** What sheets refer to. */
export interface Workbook {
  readonly strings: readonly string[]
  /** Where each cell format hides its text. */
  readonly formats: readonly (HiddenPlace | undefined)[]
  /** By the name of the sheet's file: its name, and whether people see it. */
  readonly states: ReadonlyMap<string, SheetState>
}

interface SheetState {
  readonly title: string
  readonly isHidden: boolean
}

/** @see ECMA-376, part 1, section 18.4.9. */
export function sharedStrings(xml: string): readonly string[] {
  const strings: string[] = []
  let current = ''
  let holder = ''
  readXml(xml, {
    open: (name) => {
      holder = name
      if (name === 'si') current = ''
    },
    close: (name) => {
      holder = ''
      if (name === 'si' && strings.length < ITEMS_MAX) strings.push(current)
    },
    text: (text) => {
      if (holder === 't') current += text
    },
  })
  return strings
}

/** @see ECMA-376, part 1, section 18.2.19. */
export function sheetStates(xml: string, targets: ReadonlyMap<string, string>): ReadonlyMap<string, SheetState> {
  const states = new Map<string, SheetState>()
  readXml(xml, {
    open: (name, attributes) => {
      if (name !== 'sheet') return
      const path = targets.get(`workbook.xml#${attributes.get('id') ?? ''}`)
      const state = { title: attributes.get('name') ?? '', isHidden: (attributes.get('state') ?? 'visible') !== 'visible' }
      if (path !== undefined) states.set(path, state)
    },
    close: () => undefined,
  })
  return states
}

/** Formats of cells that hide what is in them. @see ECMA-376, part 1, section 18.8. */
export function cellFormats(xml: string): readonly (HiddenPlace | undefined)[] {
  const fonts: { isLight: boolean; isTiny: boolean }[] = []
  const fills: boolean[] = []
  const blank = new Set<string>()
  const formats: (HiddenPlace | undefined)[] = []
  let list = ''
  readXml(xml, {
    open: (name, attributes) => {
      const value = attributes.get('val') ?? ''
      if (['fonts', 'fills', 'cellXfs', 'cellStyleXfs', 'dxfs'].includes(name)) list = name
      const font = fonts.at(-1)
      // Nothing, whatever the number is and whatever the text.
      if (name === 'numFmt' && /^(?:;{3}|"";"";"";"")$/.test(attributes.get('formatCode') ?? ''))
        blank.add(attributes.get('numFmtId') ?? '')
      else if (list === 'fonts' && name === 'font' && fonts.length < ITEMS_MAX) fonts.push({ isLight: false, isTiny: false })
      else if (list === 'fonts' && name === 'color' && font)
        font.isLight = isLight(attributes.get('rgb') ?? '') || attributes.get('theme') === '0'
      else if (list === 'fonts' && name === 'sz' && font) font.isTiny = Number(value) <= TINY_POINTS
      else if (list === 'fills' && name === 'patternFill') fills.push((attributes.get('patternType') ?? 'none') !== 'none')
      else if (list === 'fills' && name === 'gradientFill') fills.push(true)
      else if (list === 'cellXfs' && name === 'xf' && formats.length < ITEMS_MAX) {
        const { isLight: light = false, isTiny = false } = fonts[Number(attributes.get('fontId'))] ?? {}
        const isFilled = fills[Number(attributes.get('fillId'))] === true
        const isBlank = blank.has(attributes.get('numFmtId') ?? '')
        formats.push(isBlank ? 'cell' : isTiny ? 'tiny' : light && !isFilled ? 'colour' : undefined)
      }
    },
    close: (name) => {
      if (name === list) list = ''
    },
  })
  return formats
}

interface Sheet {
  readonly xml: string
  readonly out: Collector
  readonly workbook: Workbook
  readonly state: SheetState | undefined
}

/** Cells of one sheet, a row a line. @see ECMA-376, part 1, section 18.3. */
export function readSheet({ xml, out, workbook, state }: Sheet): void {
  const columns: { readonly first: number; readonly last: number }[] = []
  let isRowHidden = false
  let cell = { column: 0, type: '', format: '' }
  let value = ''
  let holder = ''
  if (state) (state.isHidden ? (text: string) => out.hide('sheet', text) : out.show)(`${state.title}\n`)
  const put = (text: string): void => {
    const isCellHidden = isRowHidden || columns.some(({ first, last }) => cell.column >= first && cell.column <= last)
    const where = state?.isHidden === true ? 'sheet' : isCellHidden ? 'cell' : workbook.formats[Number(cell.format)]
    if (where) out.hide(where, text)
    else out.show(text)
  }
  readXml(xml, {
    open: (name, attributes) => {
      holder = name
      if (name === 'col' && isTrue(attributes, 'hidden') && columns.length < 1_000)
        columns.push({ first: Number(attributes.get('min')), last: Number(attributes.get('max')) })
      else if (name === 'row') isRowHidden = isTrue(attributes, 'hidden') || attributes.get('ht') === '0'
      else if (name === 'c') {
        cell = { column: columnOf(attributes.get('r') ?? ''), type: attributes.get('t') ?? '', format: attributes.get('s') ?? '0' }
        value = ''
      } else if (name === 'f') value = ''
    },
    close: (name) => {
      holder = ''
      if (name === 'f') {
        readFormula(value, out)
        value = ''
      } else if (name === 'c' && value !== '') put(`${cell.type === 's' ? (workbook.strings[Number(value)] ?? '') : value}\t`)
      else if (name === 'row') out.show('\n')
      else if (name === 'oddHeader' || name === 'oddFooter') out.show('\n')
    },
    text: (text) => {
      if (holder === 'v' || holder === 't' || holder === 'f') value += text
      else if (holder === 'oddHeader' || holder === 'oddFooter') out.show(text)
      else if (holder === 'formula1' || holder === 'formula2') readFormula(text, out)
    },
  })
}

function isTrue(attributes: ReadonlyMap<string, string>, name: string): boolean {
  return attributes.get(name) === '1' || attributes.get(name) === 'true'
}

/** `AB12` is in column 28. */
function columnOf(reference: string): number {
  let column = 0
  for (const char of reference.slice(0, 3)) if (char >= 'A' && char <= 'Z') column = column * 26 + char.charCodeAt(0) - 64
  return column
}
