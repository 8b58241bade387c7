/** Elements of HTML, living standard and obsolete. */
const ELEMENTS: ReadonlySet<string> = new Set(
  `a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body br button canvas caption
  center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form
  frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map mark marquee
  math menu meta meter nav nobr noembed noframes noscript object ol optgroup option output p param picture plaintext pre progress q rb
  rp rt rtc ruby s samp script search section select slot small source spacer span strike strong style sub summary sup svg table tbody
  td template textarea tfoot th thead time title tr track tt u ul var video wbr xmp`.split(/\s+/),
)
/** Elements without an end tag. */
const VOID = new Set('area base basefont br col embed frame hr img input link meta param source track wbr'.split(' '))
/** Elements that stand on lines of their own. */
const BLOCK = new Set(
  `address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3
  h4 h5 h6 head header hgroup hr html legend li main menu nav ol optgroup option p pre search section select summary table tbody td tfoot
  th thead title tr ul`.split(/\s+/),
)
/** Elements whose content is text up to their end tag, not tags. */
const RAW = new Set(['script', 'style', 'textarea', 'title', 'iframe', 'noembed', 'noframes', 'xmp', 'plaintext'])
/** Elements that end where another of their kind begins. */
const REPEATED = new Set(['p', 'li', 'td', 'th', 'tr', 'dt', 'dd', 'option', 'optgroup'])

export function isElement(name: string): boolean {
  return ELEMENTS.has(name)
}
export function isVoid(name: string): boolean {
  return VOID.has(name)
}
export function isBlock(name: string): boolean {
  return BLOCK.has(name)
}
export function isRaw(name: string): boolean {
  return RAW.has(name)
}
/** Whether an open element ends where another begins: `<p>` before any block, `<li>` before `<li>`. */
export function isEndedBy(open: string, next: string): boolean {
  if (open === 'p') return isBlock(next) && next !== 'br'
  if ((open === 'td' || open === 'th') && (next === 'td' || next === 'th' || next === 'tr')) return true
  if ((open === 'dt' || open === 'dd') && (next === 'dt' || next === 'dd')) return true
  return open === next && REPEATED.has(open)
}
