/** The named references with which a URL can be written. */
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  AMP: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  colon: ':',
  sol: '/',
  bsol: '\\',
  period: '.',
  commat: '@',
  num: '#',
  quest: '?',
  equals: '=',
  percnt: '%',
  Tab: '\t',
  NewLine: '\n',
  nbsp: '\u00a0',
  lowbar: '_',
  hyphen: '\u2010',
  lpar: '(',
  rpar: ')',
}

/** Resolves the character references of an attribute's value that matter in a URL. */
export function htmlUnescaped(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&(?:#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});?/gi, (whole) => {
    const name = whole.slice(1).replace(';', '')
    if (!name.startsWith('#')) return NAMED[name] ?? whole
    const point = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return point > 0 && point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole
  })
}
