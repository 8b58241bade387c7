import type { HiddenPlace } from '@sallyport/core'
import type { Collector } from '../collect-text.ts'
import type { Source } from '../read-content.ts'
import { readInstruction } from './office/instruction.ts'

/** Deepest nesting of groups. */
const DEPTH_MAX = 500
/** A control word, with its number: the longest that the specification allows. */
const WORD = /([a-zA-Z]{1,32})(-?\d{1,10})? ?/y

/** Groups that hold no text of the document. */
const SKIPPED = new Set(
  'fonttbl stylesheet listtable listoverridetable rsidtbl generator pict objdata themedata colorschememapping latentstyles datastore xmlnstbl filetbl mmathPr'.split(
    ' ',
  ),
)
/** Titles, authors, key words. */
const PROPERTIES = new Set('title subject author manager company operator category keywords comment doccomm hlinkbase'.split(' '))

/** What holds inside one group, unless a control word in it says otherwise. */
interface Group {
  readonly kind: 'text' | 'skipped' | 'colours' | 'instruction' | 'template' | 'note' | 'property'
  readonly property: string
  isVanished: boolean
  isDeleted: boolean
  isTiny: boolean
  isShaded: boolean
  colour: number
  /** Characters that stand behind one in Unicode, for programs that do not know it. */
  fallbackChars: number
}

const OUTSIDE: Group = {
  kind: 'text',
  property: '',
  isVanished: false,
  isDeleted: false,
  isTiny: false,
  isShaded: false,
  colour: 0,
  fallbackChars: 1,
}

/** Rich Text Format: what is seen, and text hidden, deleted, white or tiny. One pass. @see RTF Specification 1.9.1. */
export function readRtf({ bytes, out }: Source): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const put = openWriter(out)
  const groups: Group[] = []
  let group = { ...OUTSIDE }
  let skip = 0
  let i = 0
  while (i < text.length) {
    const char = text[i] ?? ''
    if (char === '{') {
      groups.push(group)
      if (groups.length > DEPTH_MAX) return out.trouble('nesting_limit')
      group = { ...group }
      i++
    } else if (char === '}') {
      put.end(group)
      group = groups.pop() ?? group
      i++
    } else if (char === '\\') {
      const symbol = text[i + 1] ?? ''
      WORD.lastIndex = i + 1
      const word = WORD.exec(text)
      if (word) {
        const [whole, name = '', digits] = word
        const number = digits === undefined ? undefined : Number(digits)
        i += whole.length + 1
        if (name === 'bin') i += Math.max(0, number ?? 0)
        else if (name === 'u') {
          put.text(group, String.fromCharCode((number ?? 63) & 0xffff))
          skip = group.fallbackChars
        } else group = applied(name, number, { group, put, out })
      } else if (symbol === "'") {
        if (skip > 0) skip--
        else put.bytes(group, Number.parseInt(text.slice(i + 2, i + 4), 16) || 63)
        i += 4
      } else {
        // A group of a kind that is not known is to be skipped.
        if (symbol === '*') group = { ...group, kind: 'skipped' }
        else if (symbol === '~') put.text(group, '\u00a0')
        else if ('\\{}'.includes(symbol)) put.text(group, symbol)
        else if (symbol === '\n' || symbol === '\r') put.text(group, '\n')
        i += 2
      }
    } else {
      if (skip > 0) skip--
      else if (char !== '\r' && char !== '\n') put.bytes(group, text.charCodeAt(i))
      i++
    }
  }
  put.end(group)
}

const BREAKS: Readonly<Record<string, string>> = { par: '\n', line: '\n', row: '\n', sect: '\n', page: '\n', tab: '\t', cell: '\t' }

/** The group after a control word. */
function applied(
  name: string,
  number: number | undefined,
  { group, put, out }: { readonly group: Group; readonly put: Writer; readonly out: Collector },
): Group {
  const isOn = number !== 0
  const isBroken = BREAKS[name]
  if (isBroken !== undefined) put.text(group, isBroken)
  else if (name === 'red' || name === 'green' || name === 'blue') put.colour(group, number ?? 0)
  else if (name === 'object' || name === 'objemb' || name === 'objlink') out.trouble('unreadable')
  else if (name === 'objautlink' || name === 'objupdate') out.trouble('external_link')
  else if (name === 'pict') out.trouble('pixels_unread')
  switch (name) {
    case 'v':
      return { ...group, isVanished: isOn }
    case 'deleted':
      return { ...group, isDeleted: isOn }
    case 'fs':
      return { ...group, isTiny: (number ?? 24) <= 2 }
    case 'cf':
      return { ...group, colour: number ?? 0 }
    case 'cb':
    case 'chcbpat':
    case 'highlight':
    case 'cbpat':
    case 'clcbpat':
      return { ...group, isShaded: isOn }
    case 'plain':
      return { ...group, isVanished: false, isDeleted: false, isTiny: false, isShaded: false, colour: 0 }
    case 'uc':
      return { ...group, fallbackChars: Math.min(8, Math.max(0, number ?? 1)) }
    case 'colortbl':
      return { ...group, kind: 'colours' }
    case 'fldinst':
      return { ...group, kind: 'instruction' }
    case 'template':
      return { ...group, kind: 'template' }
    case 'annotation':
      return { ...group, kind: 'note' }
    case 'shptxt':
    case 'footnote':
    case 'shpinst':
      return { ...group, kind: 'text' }
    default:
      if (SKIPPED.has(name)) return { ...group, kind: 'skipped' }
      return PROPERTIES.has(name) ? { ...group, kind: 'property', property: name } : group
  }
}

interface Writer {
  readonly text: (group: Group, text: string) => void
  /** A character of the code page, which is taken to be that of Western Windows. */
  readonly bytes: (group: Group, byte: number) => void
  readonly colour: (group: Group, part: number) => void
  /** A group ends: what was gathered in it is used. */
  readonly end: (group: Group) => void
}

const WINDOWS = new TextDecoder('windows-1252')

function openWriter(out: Collector): Writer {
  const colours: number[][] = [[]]
  let gathered = ''
  const isLight = (index: number): boolean => {
    const parts = colours[index] ?? []
    return parts.length === 3 && parts.every((part) => part >= 0xf0)
  }
  const placeOf = (group: Group): HiddenPlace | undefined => {
    if (group.kind === 'note') return 'comment'
    if (group.isDeleted) return 'deleted'
    if (group.isVanished) return 'control_word'
    if (group.isTiny) return 'tiny'
    return isLight(group.colour) ? (group.isShaded ? 'ground' : 'colour') : undefined
  }
  const text = (group: Group, chars: string): void => {
    if (group.kind === 'skipped') return
    if (group.kind === 'colours') {
      if (chars === ';') colours.push([])
      return
    }
    if (group.kind !== 'text' && group.kind !== 'note') {
      if (gathered.length < 4_096) gathered += chars
      return
    }
    const where = placeOf(group)
    if (where) out.hide(where, chars)
    else out.show(chars)
  }
  return {
    text,
    bytes: (group, byte) => text(group, byte < 0x80 ? String.fromCharCode(byte) : WINDOWS.decode(Uint8Array.of(byte))),
    colour: (group, part) => {
      if (group.kind === 'colours' && colours.length < 1_000) colours.at(-1)?.push(part)
    },
    end: ({ kind, property }) => {
      if (kind === 'text' || kind === 'note' || gathered === '') return
      if (kind === 'instruction') readInstruction(gathered, out)
      else if (kind === 'property') out.describe(property, gathered)
      else if (kind === 'template') {
        out.trouble('remote_template')
        out.link(gathered.trim())
      }
      gathered = ''
    },
  }
}
