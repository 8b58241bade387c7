import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes `packages/core/src/normalise/confusables-table.ts` from `confusables.txt` of UTS #39. Run by hand when Unicode
 * publishes a new version: `node tools/generate/confusables.ts PATH`.
 */
const TARGET = join(import.meta.dirname, '../../packages/core/src/normalise/confusables-table.ts')
const LINE_CHARS = 128

/**
 * What UTS #39 leaves out because its prototypes are not ASCII, and imitators use: letters by the row of look-alikes. Small
 * capitals come first, because UTS #39 resolves Cyrillic letters such as U+0432 and U+043D to them; then Cyrillic, Armenian.
 */
const SUPPLEMENT: Readonly<Record<string, string>> = {
  a: 'ᴀα⍺', b: 'ʙβЬь', c: 'ᴄ', d: 'ᴅ', e: 'ᴇεҽ', f: 'ꜰƒϝ', g: 'ɢ', h: 'ʜ', i: 'ɪɩι', j: 'ᴊ', k: 'ᴋĸκ', l: 'ʟ', m: 'ᴍм', n: 'ɴпηոᴨ',
  o: 'ᴏσօ', p: 'ᴘ', q: 'ǫ', r: 'ʀ', s: 'ꜱƽ', t: 'ᴛτ', u: 'ᴜ', v: 'ᴠ', w: 'ᴡɯաѡ', x: 'ꭓ×χ', y: 'ʏ', z: 'ᴢʐ',
} // prettier-ignore

const path = process.argv[2]
if (path === undefined) throw new Error('usage: node tools/generate/confusables.ts PATH-OF-confusables.txt')
const source = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
writeFileSync(TARGET, page(source))

function page(text: string): string {
  const version = /# Version: ([\d.]+)/.exec(text)?.[1] ?? 'unknown'
  const year = /© (\d{4})/.exec(text)?.[1] ?? ''
  return `/*
 * Written by tools/generate/confusables.ts from confusables.txt, Unicode Security Mechanisms (UTS #39), version ${version}.
 * © ${year} Unicode®, Inc. Unicode and the Unicode Logo are registered trademarks of Unicode, Inc. in the U.S. and other countries.
 * Distributed under the Unicode License; terms of use and licence: https://www.unicode.org/terms_of_use.html. Changed: only what
 * looks like ASCII and has no compatibility decomposition is kept, capitals that look like I are I, and SUPPLEMENT of the generator
 * is added.
 */

/** Per row: what it looks like, then the code points that do, each as its distance from the one before, in base 36. */
export const CONFUSABLES: readonly string[] = [
${rows(likenesses(text))
  .map((row) => `  ${quoted(row)},`)
  .join('\n')}
]
`
}

/** What each character looks like, in ASCII. */
function likenesses(text: string): ReadonlyMap<number, string> {
  const prototypes = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [from = '', to = ''] = (line.split('#')[0] ?? '').split(';').map((field) => field.trim())
    if (from && to) prototypes.set(chars(from), chars(to))
  }
  const extra = new Map(Object.entries(SUPPLEMENT).flatMap(([letter, likes]) => Array.from(likes).map((like) => [like, letter])))
  const found = new Map<number, string>()
  for (const char of [...prototypes.keys(), ...extra.keys()]) {
    const point = char.codePointAt(0) ?? 0
    if (point < 128 || char.normalize('NFKD') !== char) continue
    const ascii = extra.get(char) ?? plain(char, Array.from(prototypes.get(char) ?? '', (part) => extra.get(part) ?? part).join(''))
    if (ascii !== undefined) found.set(point, ascii)
  }
  for (const base of [0x1f150, 0x1f170]) for (let i = 0; i < 26; i++) found.set(base + i, String.fromCodePoint(65 + i))
  return found
}

/** The prototype as ASCII letters or one mark; `rn` is how UTS #39 writes m, `l` how it writes I. */
function plain(char: string, prototype: string): string | undefined {
  if (!/^[ -~]+$/.test(prototype)) return undefined
  const text = prototype.replaceAll('rn', 'm')
  const letters = text.replaceAll(/[^A-Za-z0-9]/g, '')
  if (letters === '') return text.length === 1 ? text : undefined
  if (letters === 'l' && char.toLowerCase() !== char) return 'I'
  return letters.length <= 2 ? letters : undefined
}

function rows(found: ReadonlyMap<number, string>): string[] {
  const byLook = new Map<string, number[]>()
  for (const [point, look] of [...found].sort(([a], [b]) => a - b)) byLook.set(look, [...(byLook.get(look) ?? []), point])
  return [...byLook]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([look, points]) => {
      const lines: string[] = []
      let line = ''
      let before = 0
      for (const point of points) {
        const step = ` ${(point - before).toString(36)}`
        if (line !== '' && line.length + step.length > LINE_CHARS) {
          lines.push(line)
          line = ''
          before = 0
        }
        line ||= look
        line += ` ${(point - before).toString(36)}`
        before = point
      }
      return [...lines, line]
    })
}

function chars(hex: string): string {
  return String.fromCodePoint(...hex.split(' ').map((point) => Number.parseInt(point, 16)))
}

function quoted(row: string): string {
  const body = row.replaceAll('\\', '\\\\')
  return body.includes("'") ? `"${body}"` : `'${body}'`
}
