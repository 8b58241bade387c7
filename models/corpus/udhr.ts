import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Languages whose odd articles are trained on; their even articles, and the unseen languages whole, measure. */
export const UDHR_SEEN: Readonly<Record<string, string>> = {
  en: 'eng',
  de: 'deu_1996',
  fr: 'fra',
  es: 'spa',
  it: 'ita',
  pt: 'por_PT',
  nl: 'nld',
  pl: 'pol',
  ru: 'rus',
  zh: 'cmn_hans',
  ja: 'jpn',
  ar: 'arb',
  hi: 'hin',
  ko: 'kor',
  tr: 'tur',
  sv: 'swe',
  cs: 'ces',
  uk: 'ukr',
  vi: 'vie',
  he: 'heb',
  id: 'ind',
  hu: 'hun',
  fi: 'fin',
}
export const UDHR_UNSEEN: Readonly<Record<string, string>> = {
  da: 'dan',
  ro: 'ron_2006',
  ca: 'cat',
  el: 'ell_monotonic',
  th: 'tha',
  bn: 'ben',
  bg: 'bul',
  sk: 'slk',
}

/** Paragraphs of the Universal Declaration of Human Rights (package `udhr`, MIT), by article; the preamble is article 0. */
export function udhrArticles(code: string): string[][] {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('udhr'))), 'declaration')
  const html = readFileSync(join(folder, `${code}.html`), 'utf8')
  return html
    .split(/<(?:article|header)\b/)
    .slice(1)
    .map((part) => [...part.matchAll(/<p>([\s\S]*?)<\/p>/g)].map((match) => unescape(match[1] ?? '')))
}

/** The half of the articles that is trained on (`odd`) or that measures (`even`). */
export function udhrHalf(code: string, half: 'odd' | 'even'): string[] {
  const articles = udhrArticles(code).filter((article) => article.length > 0)
  return articles.filter((_, i) => i % 2 === (half === 'odd' ? 1 : 0)).map((article) => article.join(' '))
}

const unescape = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replaceAll(/\s+/g, ' ')
    .trim()
