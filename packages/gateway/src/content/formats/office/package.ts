import { sniff, type ContentProblem } from '@sallyport/core'
import type { Source } from '../../read-content.ts'
import { EntitiesRefused, readXml, xmlText } from '../../read-xml.ts'
import { openZip } from '../../unpack-zip.ts'
import { decodeText } from '../plain.ts'
import { readRelations, relationTargets } from './relations.ts'
import { cellFormats, readSheet, sharedStrings, sheetStates, type Workbook } from './sheets.ts'
import { LARGEST_SLIDE, readSlide, slideSize, type SlideSize } from './slides.ts'
import { readStory, textStyles, type TextStyles } from './word.ts'

/** Files that hold no words: pictures, fonts, settings of printers. */
const WORDLESS = /(?:^|\/)(?:media|fonts|printerSettings)\//i

/** What the parts of a package have to know of each other. */
interface Shared {
  readonly styles: TextStyles
  readonly workbook: Workbook
  readonly slideSize: SlideSize
  /** Whether pages have a colour of their own. */
  readonly hasGround: boolean
}

/**
 * A package of Office Open XML: Word, Excel, PowerPoint. Its parts are told by their root elements; where they lie in the package is
 * the author's choice. Files that are not XML, pictures aside, are opened as parts.
 * @see ECMA-376, parts 1 and 2.
 */
export async function readPackage({ bytes, budget, out, open }: Source): Promise<void> {
  const { files, problems } = openZip(bytes, budget)
  for (const problem of problems) out.trouble(problem)
  const documents = new Map<string, string>()
  for (const { name, unpack } of files.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))) {
    const file = unpack()
    if (typeof file === 'string') out.trouble(file)
    else if (isMacro(name)) out.trouble('macros')
    else if (WORDLESS.test(name)) {
      if (name.includes('media/')) out.trouble('pixels_unread')
    } else if (isXml(name, file)) documents.set(name, decodeText(file, sniff(file).encoding))
    else await open(name, file)
  }
  const roots = new Map([...documents].map(([name, xml]) => [name, rootOf(xml)]))
  const guarded = (read: () => void): void => {
    const problem = attempt(read)
    if (problem) out.trouble(problem)
  }
  const shared = gather(documents, roots)
  for (const [name, xml] of documents) guarded(() => readPart({ name, xml, root: roots.get(name) ?? '', shared, out }))
}

function isXml(name: string, file: Uint8Array): boolean {
  const { type } = sniff(file)
  return /\.(?:xml|rels|vml)$/i.test(name) || type === 'xml'
}

function isMacro(name: string): boolean {
  return /(?:^|\/)(?:vbaProject\.bin|vbaData\.xml|activeX\/.{1,200}|macrosheets\/.{1,200})$/i.test(name)
}

/** Name of the root element; empty for what is not XML. */
function rootOf(xml: string): string {
  let root = ''
  attempt(() =>
    readXml(xml, {
      open: (name) => {
        root = name
        throw new Error('seen enough')
      },
      close: () => undefined,
    }),
  )
  return root
}

function attempt(read: () => void): ContentProblem | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    return error instanceof EntitiesRefused ? 'entities_refused' : 'malformed'
  }
}

function gather(documents: ReadonlyMap<string, string>, roots: ReadonlyMap<string, string>): Shared {
  const of = (root: string) => [...documents].filter(([name]) => roots.get(name) === root)
  const first = <T>(root: string, read: (xml: string) => T, none: T): T => {
    let result = none
    for (const [, xml] of of(root).slice(0, 1)) attempt(() => (result = read(xml)))
    return result
  }
  const targets = new Map<string, string>()
  for (const [name, xml] of of('Relationships')) attempt(() => relationTargets({ name, xml, targets }))
  return {
    styles: first('styles', textStyles, new Map()),
    workbook: {
      strings: first('sst', sharedStrings, []),
      formats: first('styleSheet', cellFormats, []),
      states: first<Workbook['states']>('workbook', (xml) => sheetStates(xml, targets), new Map()),
    },
    slideSize: first('presentation', slideSize, LARGEST_SLIDE),
    hasGround: of('document').some(([, xml]) => xml.slice(0, 20_000).includes(':background')),
  }
}

/** One part by its root element. */
function readPart({
  name,
  xml,
  root,
  shared,
  out,
}: {
  readonly name: string
  readonly xml: string
  readonly root: string
  readonly shared: Shared
  readonly out: Source['out']
}): void {
  const size = shared.slideSize
  switch (root) {
    case 'Relationships':
      return readRelations(xml, out)
    case 'document':
    case 'hdr':
    case 'ftr':
    case 'footnotes':
    case 'endnotes':
      return readStory({ xml, out, styles: shared.styles, hasGround: shared.hasGround })
    case 'comments':
      return readStory({ xml, out, styles: shared.styles, hasGround: true, place: 'comment' })
    case 'glossaryDocument':
      return readStory({ xml, out, styles: shared.styles, hasGround: true, place: 'part' })
    case 'worksheet':
    case 'chartsheet':
    case 'dialogsheet':
      return readSheet({ xml, out, workbook: shared.workbook, state: shared.workbook.states.get(name) })
    case 'macrosheet':
      return out.trouble('macros')
    case 'sld':
      return readSlide({ xml, out, size })
    case 'wsDr':
    case 'chartSpace':
    case 'dataModel':
      return readSlide({ xml, out, size: LARGEST_SLIDE })
    case 'notes':
      return readSlide({ xml, out, size, place: 'notes' })
    case 'sldLayout':
    case 'sldMaster':
    case 'notesMaster':
    case 'handoutMaster':
      return readSlide({ xml, out, size, place: 'part' })
    case 'coreProperties':
    case 'Properties':
      return readProperties(xml, out)
    case 'settings':
      return readSettings(xml, out)
    case 'sst':
      return
    default:
      return out.hide(/comment/i.test(root) || root === 'cmLst' ? 'comment' : 'part', xmlText(xml))
  }
}

/** Title, author, key words, and what an author defined. */
function readProperties(xml: string, out: Source['out']): void {
  let property = ''
  readXml(xml, {
    open: (name, attributes) => {
      property = attributes.get('name') ?? (name === 'lpwstr' || name === 'property' ? property : name)
    },
    close: () => undefined,
    text: (text) => out.describe(property, text),
  })
}

function readSettings(xml: string, out: Source['out']): void {
  readXml(xml, {
    open: (name, attributes) => {
      if (name === 'docVar') out.hide('part', `${attributes.get('val') ?? ''}\n`)
    },
    close: () => undefined,
  })
}
