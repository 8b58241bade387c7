import type { HiddenPlace } from '@sallyport/core'
import type { Collector } from '../../collect-text.ts'
import { hasWords, readXml } from '../../read-xml.ts'
import { readInstruction } from './instruction.ts'
import { isLight } from './light-colour.ts'

/** How letters look, as far as it decides whether they are seen. What is not said is inherited. */
interface Look {
  isVanished?: boolean
  isLight?: boolean
  isTiny?: boolean
  /** The text has a ground of its own. */
  isShaded?: boolean
}

/** Styles by their identifier; that of paragraphs that name none under the empty one. */
export type TextStyles = ReadonlyMap<string, Look>

/** Letters of a point, in half-points. */
const TINY_HALF_POINTS = 2
/** Longest chain of styles that are based on one another. */
const CHAIN_MAX = 16

export function textStyles(xml: string): TextStyles {
  const own = new Map<string, { look: Look; basedOn: string }>()
  // Before the first style come the defaults of the document.
  const defaults: Look = {}
  let style = { look: defaults, basedOn: '' }
  let ordinary = ''
  readXml(xml, {
    open: (name, attributes) => {
      if (name === 'style') {
        const id = attributes.get('styleId') ?? ''
        own.set(id, (style = { look: {}, basedOn: '' }))
        if (attributes.get('default') === '1' && attributes.get('type') === 'paragraph') ordinary = id
      } else if (name === 'basedOn') style.basedOn = attributes.get('val') ?? ''
      else readLook(name, attributes, style.look)
    },
    close: () => undefined,
  })
  const resolve = (id: string, left: number): Look => {
    const found = left > 0 ? own.get(id) : undefined
    return found ? { ...resolve(found.basedOn, left - 1), ...found.look } : { ...defaults }
  }
  return new Map([...[...own.keys()].map((id): [string, Look] => [id, resolve(id, CHAIN_MAX)]), ['', resolve(ordinary, CHAIN_MAX)]])
}

/** Takes a property of letters into `look`. @see ECMA-376, part 1, section 17.3.2. */
function readLook(name: string, attributes: ReadonlyMap<string, string>, look: Look): void {
  const value = attributes.get('val') ?? ''
  const isOn = value !== '0' && value !== 'false' && value !== 'off'
  if (name === 'vanish' || name === 'webHidden' || name === 'specVanish') look.isVanished = isOn
  else if (name === 'sz') look.isTiny = Number(value) <= TINY_HALF_POINTS
  else if (name === 'color')
    look.isLight = attributes.get('themeColor') === 'background1' || isLight(value || (attributes.get('rgb') ?? ''))
  else if (name === 'highlight') look.isShaded = value !== 'none'
  else if (name === 'shd') look.isShaded = isGround(attributes)
}

function isGround(attributes: ReadonlyMap<string, string>): boolean {
  const fill = attributes.get('fill') ?? 'auto'
  return (
    attributes.has('themeFill') ||
    (fill !== 'auto' && !isLight(fill)) ||
    !['clear', 'nil'].includes(attributes.get('val') ?? 'clear')
  )
}

interface Story {
  readonly xml: string
  readonly out: Collector
  readonly styles: TextStyles
  /** Whether paper is not white, or may not be. */
  readonly hasGround: boolean
  /** Where all of it is, when people do not see it. */
  readonly place?: HiddenPlace
}

/** Text of one part of a Word document: what is seen, and what is not. */
export function readStory({ xml, out, styles, hasGround, place }: Story): void {
  const at = openPlaces()
  let run: Look = {}
  let instruction = ''
  const put = (text: string): void => {
    const where = place ?? (at.within('del', 'moveFrom') ? 'deleted' : hiddenAs({ ...at.paragraph().look, ...run }, isOnGround()))
    if (where) out.hide(where, text)
    else out.show(text)
  }
  const isOnGround = (): boolean => hasGround || at.isShaded() || at.within('txbxContent')
  const styleOf = (attributes: ReadonlyMap<string, string>): Look => styles.get(attributes.get('val') ?? '-') ?? {}
  readXml(xml, {
    open: (name, attributes) => {
      at.enter(name)
      if (name === 'r') run = {}
      else if (name === 'p') Object.assign(at.paragraph().look, styles.get(''))
      else if (name === 'pStyle') Object.assign(at.paragraph().look, styleOf(attributes))
      else if (name === 'rStyle' && at.isRun()) run = { ...styleOf(attributes), ...run }
      else if (name === 'shd' && !at.within('rPr')) at.shade(isGround(attributes))
      else if (at.isRun()) readLook(name, attributes, run)
      if (name === 'tab') put(' ')
      else if (name === 'br' || name === 'cr') put('\n')
      else if (name === 'docPr' || name === 'cNvPr') readAlternative(attributes, out)
      else if (name === 'textpath') put(`${attributes.get('string') ?? ''}\n`)
      else if (name === 'fldSimple') readInstruction(attributes.get('instr') ?? '', out)
    },
    close: (name) => {
      at.leave(name)
      if (name === 'p') put('\n')
      else if (name === 'r') run = {}
      else if (name === 'fldChar' && instruction !== '') {
        readInstruction(instruction, out)
        instruction = ''
      }
    },
    text: (text) => {
      const holder = at.holder()
      if (holder === 't') put(text)
      else if (holder === 'delText') out.hide('deleted', text)
      else if (holder === 'instrText' && instruction.length < 4_096) instruction += text
      else if (hasWords(text)) out.hide('part', `${text}\n`)
    },
  })
}

function hiddenAs(look: Look, isOnGround: boolean): HiddenPlace | undefined {
  if (look.isVanished === true) return 'hidden_run'
  if (look.isTiny === true) return 'tiny'
  if (look.isLight !== true || look.isShaded === true) return undefined
  return isOnGround ? 'ground' : 'colour'
}

/** Descriptions of pictures, which programs read out. */
function readAlternative(attributes: ReadonlyMap<string, string>, out: Collector): void {
  for (const name of ['title', 'descr']) out.hide('alt_text', attributes.has(name) ? `${attributes.get(name)}\n` : '')
}

/** Which elements are open, and what of it decides how letters look. */
function openPlaces() {
  const names: string[] = []
  const counts = new Map<string, number>()
  const grounds: { name: string; isShaded: boolean; look: Look }[] = []
  const top = () => grounds.at(-1) ?? { name: '', isShaded: false, look: {} }
  return {
    enter: (name: string): void => {
      names.push(name)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      // A style of a table may shade cells in ways not followed here.
      if (name === 'p' || name === 'tc' || name === 'tbl') grounds.push({ name, isShaded: name === 'tbl', look: {} })
    },
    leave: (name: string): void => {
      names.pop()
      counts.set(name, (counts.get(name) ?? 1) - 1)
      if (top().name === name) grounds.pop()
    },
    within: (...some: readonly string[]): boolean => some.some((name) => (counts.get(name) ?? 0) > 0),
    holder: (): string => names.at(-1) ?? '',
    /** Whether properties belong to a run; those of a paragraph's end do not. */
    isRun: (): boolean => (counts.get('rPr') ?? 0) > 0 && (counts.get('pPr') ?? 0) === 0,
    paragraph: () => top(),
    shade: (isShaded: boolean): void => {
      top().isShaded = isShaded
    },
    isShaded: (): boolean => grounds.some(({ isShaded }) => isShaded),
  }
}
