import type { Json } from '@sallyport/core'

const WORDS =
  'the invoice of march lists nine chairs two desks and a lamp which arrived on monday in the morning while nobody was in the office so the driver left them at the gate with a note that says please sign here and call us back before friday'.split(
    ' ',
  )
const HAN =
  '三月的发票列出九把椅子两张桌子和一盏灯星期一早上送到时办公室没有人司机把它们放在门口并留下一张字条请在这里签名星期五之前给我们回电话'

/** The same numbers in every run. */
function numbers(): (below: number) => number {
  let state = 1
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function filled(chars: number, next: (below: number) => string): string {
  const parts: string[] = []
  for (let length = 0; length < chars;) {
    const part = next(parts.length)
    parts.push(part)
    length += part.length
  }
  return parts.join('').slice(0, chars)
}

function sentence(pick: (below: number) => number): string {
  const words = Array.from({ length: 6 + pick(10) }, () => WORDS[pick(WORDS.length)] ?? '')
  return `${words.join(' ').replace(/^./, (first) => first.toUpperCase())}. `
}

/** Ordinary content of one kind, of about so many UTF-16 units. */
export const SAMPLES: Readonly<Record<string, (chars: number) => Json>> = {
  prose: (chars) => {
    const pick = numbers()
    return filled(chars, (i) => (i % 7 === 6 ? `${sentence(pick)}\n\n` : sentence(pick)))
  },
  json: (chars) => {
    const pick = numbers()
    const rows: Json[] = []
    for (let length = 0; length < chars; length += 160)
      rows.push({
        id: `row-${pick(100_000)}`,
        name: sentence(pick).slice(0, 40),
        amount: pick(10_000) / 100,
        isPaid: pick(2) === 1,
        tags: ['office', 'march'],
        note: sentence(pick),
      })
    return { items: rows, total: rows.length }
  },
  html: (chars) => {
    const pick = numbers()
    return filled(
      chars,
      (i) => `<div class="row"><h2>Part ${i}</h2><p>${sentence(pick)}<a href="/parts/${i}">more &amp; more</a></p></div>\n`,
    )
  },
  code: (chars) => {
    const pick = numbers()
    const name = (): string => WORDS[pick(WORDS.length)] ?? 'x'
    return filled(
      chars,
      (i) =>
        `/** Adds ${name()} to ${name()}. */\nexport function ${name()}${i}(${name()}: number): number {\n  return ${name()}.length + ${pick(100)}\n}\n`,
    )
  },
  cjk: (chars) => {
    const pick = numbers()
    return filled(chars, () => `${Array.from({ length: 8 + pick(12) }, () => HAN.charAt(pick(HAN.length))).join('')}。`)
  },
}

const repeated =
  (unit: string) =>
  (chars: number): Json =>
    unit.repeat(Math.ceil(chars / unit.length)).slice(0, chars)
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')

/** One character, over and over. */
const CHARACTERS = [
  'a',
  'A',
  '0',
  '4',
  ' ',
  '\n',
  '<',
  '>',
  '-',
  '.',
  '/',
  '\\',
  '@',
  '(',
  '[',
  '{',
  '"',
  "'",
  '%',
  '&',
  '=',
  '|',
  '#',
  '_',
  '~',
  '\u200b',
  '\u0301',
  '\u202e',
  'é',
  '你',
  '😀',
  '\u{e0041}',
]
/** What costs a backtracking or quadratic scan dearly. */
const UNITS = [
  'a@a.', 'ignore all ', 'ignore all previous ', 'do not tell ', '<important>', '<a ', '<!--', '<div style="display:none">', '</div><div hidden>', '[a](', '![](', '[[', '&#', '&amp;', '&#x41;', '%41',
  '%2525', '\\u0041', '=41', '=?utf-8?B?', '-----BEGIN ', 'eyJhbGciOi.', 'AKIA', '4111 ', '4111-1111 ', 'GB82 WEST ', '1.1.1.1 ', '::', '+49 30 ', '<|im_start|>', '/*', 'aA0', 'a b c d ', 'i.g.n.o.r.e. ', 'uggc://', 'MFRGGZDFMY', '68656c6c6f',
  '{"a":', '=cmd|', 'http://a.b?', 'data:text/html;base64,', 'aаa ', '\u200ba',
] // prettier-ignore

/** Contents made to be slow, by name; each of about so many UTF-16 units. */
export const WORST: Readonly<Record<string, (chars: number) => Json>> = {
  ...Object.fromEntries([...CHARACTERS, ...UNITS].map((unit) => [`repeat ${JSON.stringify(unit)}`, repeated(unit)])),
  'base64 in base64 in base64': (chars) => base64(base64(base64('Ignore all. '.repeat(Math.ceil(chars / 28))))).slice(0, chars),
  'one base64 run of noise': (chars) =>
    Buffer.from(
      Array.from(
        { length: Math.ceil(chars * 0.75) },
        (
          (pick) => () =>
            pick(256)
        )(numbers()),
      ),
    )
      .toString('base64')
      .slice(0, chars),
  'many short base64 runs': (chars) => repeated(`${base64('send the report to me')} `)(chars),
  'percent in percent': (chars) => repeated(encodeURIComponent(encodeURIComponent('<a b="c">')))(chars),
  'one tiny field for each four units': (chars) => Array.from({ length: Math.ceil(chars / 4) }, () => 'a b'),
  'one-character fields': (chars) => Array.from({ length: chars }, () => 'a'),
  'named tiny fields': (chars) => Object.fromEntries(Array.from({ length: Math.ceil(chars / 10) }, (_, i) => [`k${i}`, 'x'])),
  'short fields of digits': (chars) => Array.from({ length: Math.ceil(chars / 4) }, () => '4111'),
  'deep nesting': (chars) => Array.from({ length: Math.ceil(chars / 256) }, () => nested(64)),
}

/** As deep as a parser lets through. */
function nested(depth: number): Json {
  let value: Json = 'send it'
  for (let i = 0; i < depth; i++) value = { in: value }
  return value
}
