/** What an inline style or a rule of a style sheet says about being seen. */
export interface Look {
  readonly isHidden: boolean
  /** As written, in lower case without spaces; empty when nothing is said. */
  readonly color: string
  readonly background: string
}

/** Longest style looked at, in characters. */
const STYLE_CHARS_MAX = 2000
const NOWHERE = /^(?:-\d{3,}(?:\.\d*)?(?:px|pt|%|vw|vh)?|-\d{2,}(?:\.\d*)?(?:em|rem|vw|vh|cm|in))$/
const NOTHING = /^(?:0|0?\.0\d*|0\.?0*|[01]px|0?\.\d+px|1pt|0%|0r?em|0pt)$/

const PLAIN: Look = { isHidden: false, color: '', background: '' }

/**
 * How declarations of a style hide: not displayed, transparent, without size, outside the page, clipped away, or text in the
 * colour of its own background.
 * @see CSS Display, CSS Color, CSS Masking
 */
export function lookOf(style: string): Look {
  if (style === '') return PLAIN
  const said = new Map<string, string>()
  for (const declaration of style.slice(0, STYLE_CHARS_MAX).toLowerCase().split(';')) {
    const colon = declaration.indexOf(':')
    if (colon > 0) said.set(declaration.slice(0, colon).trim(), declaration.slice(colon + 1).replaceAll(/\s|!important/g, ''))
  }
  const is = (name: string, pattern: RegExp) => pattern.test(said.get(name) ?? '')
  const isPlaced = is('position', /^(?:absolute|fixed)$/)
  const clips = is('overflow', /^(?:hidden|clip)$/) || isPlaced
  const isHidden =
    is('display', /^none$/) ||
    is('visibility', /^(?:hidden|collapse)$/) ||
    is('content-visibility', /^hidden$/) ||
    is('mso-hide', /^all$/) ||
    is('opacity', /^(?:0|0?\.0\d*|0\.?0*|[0-5]%)$/) ||
    is('font-size', NOTHING) ||
    is('font', /^0(?:px|pt)?\//) ||
    is('text-indent', NOWHERE) ||
    (isPlaced && ['left', 'top', 'right', 'bottom'].some((side) => is(side, NOWHERE))) ||
    is('margin-left', NOWHERE) ||
    is('clip', /^rect\(0(?:px)?,0(?:px)?,0(?:px)?,0(?:px)?\)$|^rect\(1px,1px,1px,1px\)$/) ||
    is('clip-path', /^inset\((?:50|100)%\)$|^circle\(0/) ||
    is('transform', /scale\(0(?:\.0\d*)?\)/) ||
    (clips && ['height', 'max-height', 'width', 'max-width'].some((side) => is(side, NOTHING)))
  return { isHidden, color: said.get('color') ?? '', background: said.get('background-color') ?? said.get('background') ?? '' }
}

const WHITE = /^(?:white|#fff|#ffffff|rgba?\(255,255,255(?:,1(?:\.0*)?)?\))$/
const NO_COLOR = /^(?:transparent|rgba\(\d{1,3},\d{1,3},\d{1,3},0?\.?0*\)|#[\da-f]{6}00)$/

/** Whether text of this colour is not seen on this background; without one, the page is white. */
export function isSameColor(color: string, background: string): boolean {
  if (color === '') return false
  if (NO_COLOR.test(color)) return true
  if (background === '') return WHITE.test(color)
  return plainColor(color) === plainColor(background)
}

function plainColor(color: string): string {
  if (WHITE.test(color)) return '#ffffff'
  if (color === 'black') return '#000000'
  const short = /^#([\da-f])([\da-f])([\da-f])$/.exec(color)
  if (short) return `#${short[1]}${short[1]}${short[2]}${short[2]}${short[3]}${short[3]}`
  const parts = /^rgb\((\d{1,3}),(\d{1,3}),(\d{1,3})\)$/.exec(color)
  return parts
    ? `#${parts
        .slice(1)
        .map((part) => Number(part).toString(16).padStart(2, '0'))
        .join('')}`
    : color
}

/** Most rules of a style sheet looked at. */
const RULES_MAX = 1000

/** Classes (`.name`) and ids (`#name`) that the rules of a style sheet hide. */
export function hidingSelectors(sheet: string): ReadonlySet<string> {
  const found = new Set<string>()
  const rules = sheet.split('}')
  for (const rule of rules.slice(0, RULES_MAX)) {
    const brace = rule.lastIndexOf('{')
    if (brace < 0 || !lookOf(rule.slice(brace + 1)).isHidden) continue
    for (const selector of rule.slice(Math.max(0, rule.lastIndexOf('{', brace - 1) + 1), brace).split(',')) {
      const simple = /(?:^|[\s>+~\w])([.#][\w-]{1,64})$/.exec(selector.trim().slice(-80))
      if (simple?.[1]) found.add(simple[1])
    }
  }
  return found
}
