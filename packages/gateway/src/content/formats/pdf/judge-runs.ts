import type { HiddenPlace } from '@sallyport/core'
import type { Collector } from '../../collect-text.ts'
import { vanishes, WHITE, type Colour } from './colours.ts'
import type { Drawing, Fill, Run } from './drawing.ts'
import { contains, shareWithin, type Box } from './geometry.ts'

/** Letters of this height, in points, are not read by anybody. */
const TINY_POINTS = 1
/** Text of which less than this is on the page is not read either. */
const SEEN_SHARE_MIN = 0.3
/** A gap of this share of the letters' height is a space. */
const SPACE_SHARE = 0.15
/** A step to the side of this share is a new line. */
const LINE_SHARE = 0.4

interface Page {
  readonly box: Box
  /** Whether there are pictures, which text may lie on. */
  readonly hasPictures: boolean
}

/** Tells what of a page's text people see. */
export function judgeRuns({ runs, fills }: Drawing, page: Page, out: Collector): void {
  // Scanners write what they recognised without ink over the picture of the page.
  const isTextLayer = runs.every(({ mode }) => isInkless(mode))
  let seen: Run | undefined
  let unseen: { readonly where: HiddenPlace; readonly run: Run } | undefined
  for (const set of runs) {
    const run = { ...set, text: asWritten(set.text) }
    const place = placeOf(run, fills, page)
    const where = place === 'invisible' && isTextLayer ? 'text_layer' : place
    if (where) {
      out.hide(where, `${unseen?.where === where ? between(unseen.run, run) : ''}${run.text}`)
      unseen = { where, run }
    } else {
      out.show(`${seen ? between(seen, run) : ''}${run.text}`)
      seen = run
    }
  }
  out.show('\n\n')
}

/** A letter of Hebrew or Arabic, also as fonts shape it. */
const FROM_THE_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/

/** Hebrew and Arabic are set from the left, last letter first; here they are read as they were written. */
function asWritten(text: string): string {
  if (!FROM_THE_RIGHT.test(text)) return text
  const pieces: { text: string; isTurned: boolean }[] = []
  for (const char of text) {
    const last = pieces.at(-1)
    // Spaces go with what stands before them.
    const isTurned = char === ' ' ? (last?.isTurned ?? false) : FROM_THE_RIGHT.test(char)
    if (last?.isTurned === isTurned) last.text = isTurned ? char + last.text : last.text + char
    else pieces.push({ text: char, isTurned })
  }
  return pieces.map((piece) => piece.text).join('')
}

function isInkless(mode: number): boolean {
  return mode === 3 || mode === 7
}

function placeOf(run: Run, fills: readonly Fill[], { box, hasPictures }: Page): HiddenPlace | undefined {
  if (run.isOnHiddenLayer) return 'layer'
  if (isInkless(run.mode)) return 'invisible'
  if (run.size <= TINY_POINTS) return 'tiny'
  if (shareWithin(run.box, box) < SEEN_SHARE_MIN) return 'off_page'
  if (run.isClipped || fills.slice(run.order).some((fill) => fill.isSolid && contains(fill.box, run.box))) return 'covered'
  const ground = groundOf(run, fills)
  if (!run.colour || ground === 'unknown' || !vanishes(run.colour, ground ?? WHITE, run.alpha)) return undefined
  return ground === undefined && hasPictures ? 'ground' : 'colour'
}

/** Colour of what was filled last where the run stands; `undefined` is bare paper. */
function groundOf(run: Run, fills: readonly Fill[]): Colour | 'unknown' | undefined {
  const middle = { x: (run.box.left + run.box.right) / 2, y: (run.box.bottom + run.box.top) / 2 }
  for (let i = run.order - 1; i >= 0; i--) {
    const fill = fills[i]
    if (!fill) continue
    const { left, right, bottom, top } = fill.box
    if (middle.x >= left && middle.x <= right && middle.y >= bottom && middle.y <= top) return fill.colour ?? 'unknown'
  }
  return undefined
}

/** What stands between two runs: nothing, a space, or a new line. */
function between(before: Run, after: Run): string {
  const [dx, dy] = [after.start.x - before.end.x, after.start.y - before.end.y]
  const along = directionOf(before)
  const gap = dx * along.x + dy * along.y
  const step = Math.abs(dx * along.y - dy * along.x)
  const size = Math.max(before.size, 0.01)
  if (step > size * LINE_SHARE || gap < -size) return '\n'
  return gap > size * SPACE_SHARE && !before.text.endsWith(' ') && !after.text.startsWith(' ') ? ' ' : ''
}

function directionOf({ start, end }: Run): { readonly x: number; readonly y: number } {
  const [x, y] = [end.x - start.x, end.y - start.y]
  const length = Math.hypot(x, y)
  return length > 0 ? { x: x / length, y: y / length } : { x: 1, y: 0 }
}
