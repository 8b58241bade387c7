import type { HiddenPlace } from '@sallyport/core'
import type { Collector } from '../../collect-text.ts'
import { hasWords, readXml } from '../../read-xml.ts'
import { isLight } from './light-colour.ts'

/** Letters of a point, in hundredths. */
const TINY_HUNDREDTHS = 100

/** Size of slides, in English metric units. */
export interface SlideSize {
  readonly width: number
  readonly height: number
}
/** The largest there is: 56 inches. */
export const LARGEST_SLIDE: SlideSize = { width: 51_206_400, height: 51_206_400 }

/** @see ECMA-376, part 1, section 19.2.1.39. */
export function slideSize(xml: string): SlideSize {
  let size = LARGEST_SLIDE
  readXml(xml, {
    open: (name, attributes) => {
      if (name === 'sldSz') size = { width: Number(attributes.get('cx')), height: Number(attributes.get('cy')) }
    },
    close: () => undefined,
  })
  return size
}

interface Slide {
  readonly xml: string
  readonly out: Collector
  readonly size: SlideSize
  /** Where all of it is, when people do not see it. */
  readonly place?: HiddenPlace
}

/** Text of a slide, or of a drawing or chart. White text is common on slides, whose ground is a picture as often as paper. @see ECMA-376, part 1, sections 19.3 and 21.1.2. */
export function readSlide({ xml, out, size, place }: Slide): void {
  let base = place
  /** The shape that is being read: hidden, or beside the slide. */
  let shape: HiddenPlace | undefined
  let run: { isLight: boolean; isTiny: boolean } = { isLight: false, isTiny: false }
  let holder = ''
  let isInRun = false
  let offset = { x: 0, y: 0 }
  const put = (text: string): void => {
    const where = base ?? shape ?? (run.isTiny ? 'tiny' : run.isLight ? 'ground' : undefined)
    if (where) out.hide(where, text)
    else out.show(text)
  }
  readXml(xml, {
    open: (name, attributes) => {
      holder = name
      if (name === 'sld' && attributes.get('show') === '0') base = 'sheet'
      else if (name === 'sp' || name === 'graphicFrame' || name === 'pic') shape = undefined
      else if (name === 'cNvPr') {
        if (attributes.get('hidden') === '1') shape = 'layer'
        for (const text of ['title', 'descr']) out.hide('alt_text', attributes.has(text) ? `${attributes.get(text)}\n` : '')
      } else if (name === 'off') offset = { x: Number(attributes.get('x')), y: Number(attributes.get('y')) }
      else if (name === 'ext' && attributes.has('cx') && isBeside(offset, attributes, size)) shape = 'off_page'
      else if (name === 'r' || name === 'fld') {
        isInRun = true
        run = { isLight: false, isTiny: false }
      } else if (name === 'rPr' && attributes.has('sz')) run.isTiny = Number(attributes.get('sz')) <= TINY_HUNDREDTHS
      else if (isInRun && name === 'srgbClr') run.isLight = isLight(attributes.get('val') ?? '')
      else if (isInRun && name === 'schemeClr') run.isLight = attributes.get('val') === 'bg1'
      else if (name === 'br') put('\n')
    },
    close: (name) => {
      holder = ''
      if (name === 'p') put('\n')
      else if (name === 'sp') shape = undefined
      else if (name === 'r' || name === 'fld') isInRun = false
    },
    text: (text) => {
      if (holder === 't' || holder === 'v') put(holder === 'v' ? `${text} ` : text)
      else if (hasWords(text)) out.hide('part', `${text}\n`)
    },
  })
}

function isBeside(
  offset: { readonly x: number; readonly y: number },
  extent: ReadonlyMap<string, string>,
  size: SlideSize,
): boolean {
  const [right, bottom] = [offset.x + Number(extent.get('cx')), offset.y + Number(extent.get('cy'))]
  return right <= 0 || bottom <= 0 || offset.x >= size.width || offset.y >= size.height
}
