import { isLetter } from './marks.ts'
import type { Edit } from './splice.ts'

const NAMED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  shy: '\u00ad',
  zwnj: '\u200c',
  zwj: '\u200d',
  ensp: ' ',
  emsp: ' ',
  thinsp: ' ',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  laquo: '«',
  raquo: '»',
  bull: '•',
  middot: '·',
  copy: '©',
  reg: '®',
  trade: '™',
  euro: '€',
  szlig: 'ß',
  Tab: '\t',
  NewLine: '\n',
  excl: '!',
  num: '#',
  dollar: '$',
  percnt: '%',
  lpar: '(',
  rpar: ')',
  ast: '*',
  plus: '+',
  comma: ',',
  period: '.',
  sol: '/',
  colon: ':',
  semi: ';',
  equals: '=',
  quest: '?',
  commat: '@',
  lsqb: '[',
  lbrack: '[',
  bsol: '\\',
  rsqb: ']',
  rbrack: ']',
  lowbar: '_',
  grave: '`',
  lcub: '{',
  lbrace: '{',
  verbar: '|',
  vert: '|',
  rcub: '}',
  rbrace: '}',
}
const MARKS: Readonly<Record<string, string>> = {
  acute: '\u0301',
  grave: '\u0300',
  circ: '\u0302',
  uml: '\u0308',
  tilde: '\u0303',
  cedil: '\u0327',
  ring: '\u030a',
}
/** Longest name of an entity that is known here, and most digits of a character reference. */
const NAME_CHARS_MAX = 10

/** The character that a reference starting here stands for, and where the reference ends; `undefined` when none starts here. */
export function entityAt(text: string, start: number): { readonly text: string; readonly end: number } | undefined {
  if (text[start + 1] === '#') return numericAt(text, start)
  let end = start + 1
  while (end - start <= NAME_CHARS_MAX && isLetter(text.charCodeAt(end))) end++
  if (text[end] !== ';') return undefined
  const name = text.slice(start + 1, end)
  const mark = Object.hasOwn(MARKS, name.slice(1)) ? MARKS[name.slice(1)] : undefined
  const char = Object.hasOwn(NAMED, name) ? NAMED[name] : mark && `${name[0]}${mark}`.normalize('NFC')
  return char === undefined ? undefined : { text: char, end: end + 1 }
}

function numericAt(text: string, start: number): { readonly text: string; readonly end: number } | undefined {
  const isHex = (text.charCodeAt(start + 2) | 32) === 0x78
  const digits = start + (isHex ? 3 : 2)
  let end = digits
  while (end - digits <= NAME_CHARS_MAX && (isHex ? /[0-9a-f]/i : /[0-9]/).test(text[end] ?? '')) end++
  if (end === digits) return undefined
  const point = Number.parseInt(text.slice(digits, end), isHex ? 16 : 10)
  const isChar = point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
  return { text: isChar ? String.fromCodePoint(point) : '\ufffd', end: text[end] === ';' ? end + 1 : end }
}

/**
 * Every character reference of a text, when some of them stand for what needs none or hide a tag: `&#105;`, `&lt;b&gt;`,
 * `&amp;#105;`. None for ordinary ones such as `AT&amp;T`.
 * @see HTML, living standard, section 13.5
 */
export function entityEdits(text: string): readonly Edit[] {
  const edits: Edit[] = []
  let [letters, hides] = [0, false]
  for (let i = text.indexOf('&'); i >= 0; i = text.indexOf('&', i + 1)) {
    const entity = entityAt(text, i)
    if (!entity) continue
    const after = text[entity.end] ?? ''
    if (entity.text === '<' ? /[A-Za-z/!]/.test(after) : entity.text === '&' && after === '#') hides = true
    if (/[\p{L}\d]/u.test(entity.text)) letters++
    edits.push({ start: i, end: entity.end, text: entity.text })
    i = entity.end - 1
  }
  return hides || letters >= 2 ? edits : []
}
