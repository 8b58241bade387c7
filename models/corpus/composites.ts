import type { Chance } from './random.ts'

/** Ways in which an attack stands in another text. `@` is the attack. */
const STYLES: readonly string[] = [
  '@',
  '@',
  '@',
  '\n@\n',
  '\n\n@\n\n',
  ' (@) ',
  '<!-- @ -->',
  '<div style="display:none">@</div>',
  '<p>@</p>',
  '\n> @\n',
  '\n- @\n',
  '**@**',
  '"@"',
  '\n/* @ */\n',
  '\n# @\n',
  ' [@] ',
  '<span hidden>@</span>',
  '\nP.S. @\n',
  '\n---\n@\n---\n',
  ' *@* ',
  '<li>@</li>',
  '\n// @\n',
  '\n\n\n@',
  '<b>@</b>',
  '\nNote: @\n',
  ' | @ | ',
]

export interface Composite {
  readonly text: string
  readonly at: readonly [number, number]
}

/** Puts the attack at the start, the end, or a sentence or line boundary within the host, which is cut to `hostMax` units. */
export function composite({ host, hostMax }: { host: string; hostMax: number }, attack: string, random: Chance): Composite {
  const from = host.length > hostMax ? random.below(host.length - hostMax) : 0
  const cut = host.slice(from, from + hostMax)
  const [before = '', after = ''] = random.pick(STYLES).split('@')
  const point = place(cut, random)
  const head = `${cut.slice(0, point)}${point > 0 && !/\s$/.test(cut.slice(0, point)) && !/^\s/.test(before) ? ' ' : ''}${before}`
  const tail = `${after}${point < cut.length && !/\s$/.test(after) ? ' ' : ''}${cut.slice(point)}`
  return { text: `${head}${attack}${tail}`, at: [head.length, head.length + attack.length] }
}

function place(text: string, random: Chance): number {
  const kind = random.below(4)
  if (kind === 0) return 0
  if (kind === 1) return text.length
  const points = [...text.matchAll(/[.!?](?=\s)|\n/g)].map((match) => match.index + 1)
  return points.length > 0 ? random.pick(points) : text.length
}
