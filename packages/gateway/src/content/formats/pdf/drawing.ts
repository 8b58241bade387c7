import { OPS } from 'unpdf/pdfjs'
import { BLACK, parseColour, type Colour } from './colours.ts'
import { apply, around, IDENTITY, intersection, multiply, transformed, type Box, type Matrix } from './geometry.ts'

/** What is drawn on a page, in its order. */
export interface Drawing {
  readonly runs: readonly Run[]
  readonly fills: readonly Fill[]
}

/** Letters set one after another without a move in between. */
export interface Run {
  readonly text: string
  /** How many fills were drawn before it. */
  readonly order: number
  readonly box: Box
  /** Where the first letter stands and the next would, in points on the page. */
  readonly start: { readonly x: number; readonly y: number }
  readonly end: { readonly x: number; readonly y: number }
  /** Height of letters, in points. */
  readonly size: number
  /** `undefined`: a pattern. */
  readonly colour: Colour | undefined
  readonly alpha: number
  /** 3 and 7 leave no ink. @see ISO 32000-1, table 106. */
  readonly mode: number
  readonly isClipped: boolean
  readonly isOnHiddenLayer: boolean
}

/** An area filled with a colour. */
export interface Fill {
  readonly box: Box
  readonly colour: Colour | undefined
  /** Whether it covers all of its box. */
  readonly isSolid: boolean
}

/** Most fills remembered on one page. */
const FILLS_MAX = 1_000
/** A fill lower than this is a line, in points. */
const FILL_POINTS_MIN = 3
/** Most graphics states saved at a time. */
const STATES_MAX = 1_000
/** A gap of this share of the letters' height is a space, when it is left by moving on within one string. */
const SPACE_SHARE = 0.2

interface State {
  matrix: Matrix
  clip: Box | undefined
  fill: Colour | undefined
  stroke: Colour | undefined
  fillAlpha: number
  strokeAlpha: number
  font: string
  fontSize: number
  charSpacing: number
  wordSpacing: number
  scale: number
  leading: number
  rise: number
  mode: number
}

/** What is asked of a page besides its operators. */
export interface PageFacts {
  /** Height of letters of a font of size 1, where that is not 1. */
  readonly unitOf: (font: string) => number
  /** Whether a layer is shown. */
  readonly isShown: (layer: unknown) => boolean
}

/** A letter as the reader of fonts gives it. */
interface Glyph {
  readonly unicode?: string
  readonly width?: number
  readonly isSpace?: boolean
}

/** Follows the operators of a page. One pass. @see ISO 32000-1, chapters 8 and 9. */
export function followDrawing(fnArray: readonly number[], argsArray: readonly unknown[], facts: PageFacts): Drawing {
  const pen: Pen = {
    facts,
    state: { ...START },
    saved: [],
    layers: [],
    textMatrix: IDENTITY,
    lineMatrix: IDENTITY,
    isClipNext: false,
    runs: [],
    fills: [],
  }
  const operators = { ...graphicsOperators(pen), ...textOperators(pen) }
  for (const [i, operator] of fnArray.entries()) {
    const args = argsArray[i]
    operators[operator]?.(Array.isArray(args) ? (args as readonly unknown[]) : [])
  }
  return pen
}

/** What is known while a page is drawn. */
interface Pen extends Drawing {
  readonly facts: PageFacts
  state: State
  readonly saved: State[]
  /** Whether each open marked content is on a hidden layer. */
  readonly layers: boolean[]
  textMatrix: Matrix
  lineMatrix: Matrix
  isClipNext: boolean
  readonly runs: Run[]
  readonly fills: Fill[]
}

type Operators = Readonly<Record<number, (args: readonly unknown[]) => void>>

function graphicsOperators(pen: Pen): Operators {
  const save = (): void => void (pen.saved.length < STATES_MAX && pen.saved.push({ ...pen.state }))
  const restore = (): void => void (pen.state = pen.saved.pop() ?? pen.state)
  return {
    [OPS.save]: save,
    [OPS.restore]: restore,
    [OPS.transform]: (args) => void (pen.state.matrix = multiply(pen.state.matrix, matrixOf(args))),
    [OPS.paintFormXObjectBegin]: ([matrix]) => {
      save()
      pen.state.matrix = multiply(pen.state.matrix, matrixOf(matrix))
    },
    [OPS.paintFormXObjectEnd]: restore,
    [OPS.beginAnnotation]: ([, , transform, matrix]) => {
      save()
      pen.state = { ...START, matrix: multiply(matrixOf(transform), matrixOf(matrix)) }
    },
    [OPS.endAnnotation]: restore,
    [OPS.setGState]: ([entries]) => readState(entries, pen.state),
    [OPS.setFillRGBColor]: ([colour]) => void (pen.state.fill = parseColour(colour)),
    [OPS.setStrokeRGBColor]: ([colour]) => void (pen.state.stroke = parseColour(colour)),
    [OPS.setFillColorN]: () => void (pen.state.fill = undefined),
    [OPS.setStrokeColorN]: () => void (pen.state.stroke = undefined),
    [OPS.setFillTransparent]: () => void (pen.state.fillAlpha = 0),
    [OPS.clip]: () => void (pen.isClipNext = true),
    [OPS.eoClip]: () => void (pen.isClipNext = true),
    [OPS.constructPath]: (args) => drawPath(pen, args),
    [OPS.shadingFill]: () => {
      const box = pen.state.clip
      if (box && pen.fills.length < FILLS_MAX) pen.fills.push({ box, colour: undefined, isSolid: false })
    },
    [OPS.beginMarkedContent]: () => void pen.layers.push(false),
    [OPS.beginMarkedContentProps]: ([tag, layer]) => void pen.layers.push(tag === 'OC' && !pen.facts.isShown(layer)),
    [OPS.endMarkedContent]: () => void pen.layers.pop(),
  }
}

function textOperators(pen: Pen): Operators {
  const place = (matrix: Matrix): void => void (pen.textMatrix = pen.lineMatrix = matrix)
  const moveLine = (x: number, y: number): void => place(multiply(pen.lineMatrix, [1, 0, 0, 1, x, y]))
  return {
    [OPS.beginText]: () => place(IDENTITY),
    [OPS.setTextMatrix]: ([matrix]) => place(matrixOf(matrix)),
    [OPS.moveText]: ([x, y]) => moveLine(Number(x), Number(y)),
    [OPS.setLeadingMoveText]: ([x, y]) => {
      pen.state.leading = -Number(y)
      moveLine(Number(x), Number(y))
    },
    [OPS.nextLine]: () => moveLine(0, -pen.state.leading),
    [OPS.setLeading]: ([leading]) => void (pen.state.leading = Number(leading)),
    [OPS.setCharSpacing]: ([spacing]) => void (pen.state.charSpacing = Number(spacing)),
    [OPS.setWordSpacing]: ([spacing]) => void (pen.state.wordSpacing = Number(spacing)),
    [OPS.setHScale]: ([scale]) => void (pen.state.scale = Number(scale) / 100),
    [OPS.setTextRise]: ([rise]) => void (pen.state.rise = Number(rise)),
    [OPS.setTextRenderingMode]: ([mode]) => void (pen.state.mode = Number(mode)),
    [OPS.setFont]: ([font, size]) => Object.assign(pen.state, { font: String(font), fontSize: Number(size) }),
    [OPS.showText]: ([glyphs]) => {
      const { textMatrix, run } = setGlyphs(Array.isArray(glyphs) ? (glyphs as readonly (Glyph | number | null)[]) : [], pen)
      pen.textMatrix = textMatrix
      if (run) pen.runs.push({ ...run, order: pen.fills.length, isOnHiddenLayer: pen.layers.includes(true) })
    },
  }
}

function drawPath(pen: Pen, args: readonly unknown[]): void {
  const { state, fills } = pen
  const box = boxOf(args[2], state.matrix)
  if (pen.isClipNext && box) state.clip = state.clip ? intersection(state.clip, box) : box
  pen.isClipNext = false
  if (!box || !FILLING.has(Number(args[0])) || fills.length >= FILLS_MAX) return
  if (box.top - box.bottom < FILL_POINTS_MIN || box.right - box.left < FILL_POINTS_MIN) return
  fills.push({
    box: state.clip ? intersection(box, state.clip) : box,
    colour: state.fillAlpha > 0.5 ? state.fill : undefined,
    isSolid: state.fillAlpha > 0.95 && isRectangle(args[1]),
  })
}

const START: State = {
  matrix: IDENTITY,
  clip: undefined,
  fill: BLACK,
  stroke: BLACK,
  fillAlpha: 1,
  strokeAlpha: 1,
  font: '',
  fontSize: 0,
  charSpacing: 0,
  wordSpacing: 0,
  scale: 1,
  leading: 0,
  rise: 0,
  mode: 0,
}

const FILLING: ReadonlySet<number> = new Set([
  OPS.fill,
  OPS.eoFill,
  OPS.fillStroke,
  OPS.eoFillStroke,
  OPS.closeFillStroke,
  OPS.closeEOFillStroke,
])

/** Sets letters, and tells where they stand. @see ISO 32000-1, section 9.4.4. */
function setGlyphs(
  glyphs: readonly (Glyph | number | null)[],
  { state, textMatrix, facts }: Pen,
): { readonly textMatrix: Matrix; readonly run?: Omit<Run, 'order' | 'isOnHiddenLayer'> } {
  const { fontSize, charSpacing, wordSpacing, scale, rise, mode } = state
  const unit = facts.unitOf(state.font)
  const onPage = multiply(state.matrix, textMatrix)
  const size = Math.hypot(onPage[2], onPage[3]) * Math.abs(fontSize) * unit
  let text = ''
  let x = 0
  for (const glyph of glyphs) {
    if (typeof glyph === 'number') {
      if (-glyph / 1000 > SPACE_SHARE && !text.endsWith(' ')) text += ' '
      x -= (glyph / 1000) * fontSize * scale
    } else if (glyph) {
      text += glyph.unicode ?? ''
      x += (((glyph.width ?? 0) / 1000) * fontSize * unit + charSpacing + (glyph.isSpace === true ? wordSpacing : 0)) * scale
    }
  }
  const next = multiply(textMatrix, [1, 0, 0, 1, x, 0])
  if (text === '') return { textMatrix: next }
  const height = fontSize * unit
  const corners = [
    { x: 0, y: rise },
    { x, y: rise },
    { x: 0, y: rise + height },
    { x, y: rise + height },
  ].map((corner) => apply(onPage, corner))
  const box = around(corners)
  const isStroked = mode === 1 || mode === 5
  return {
    textMatrix: next,
    run: {
      text,
      box,
      start: apply(onPage, { x: 0, y: rise }),
      end: apply(onPage, { x, y: rise }),
      size,
      colour: isStroked ? state.stroke : state.fill,
      alpha: isStroked ? state.strokeAlpha : state.fillAlpha,
      mode,
      isClipped: state.clip !== undefined && isOutside(box, state.clip),
    },
  }
}

function isOutside(box: Box, clip: Box): boolean {
  const middle = { x: (box.left + box.right) / 2, y: (box.bottom + box.top) / 2 }
  return middle.x < clip.left - 1 || middle.x > clip.right + 1 || middle.y < clip.bottom - 1 || middle.y > clip.top + 1
}

function readState(entries: unknown, state: State): void {
  for (const [key, value] of Array.isArray(entries) ? (entries as readonly (readonly [string, unknown])[]) : []) {
    if (key === 'ca') state.fillAlpha = Number(value)
    else if (key === 'CA') state.strokeAlpha = Number(value)
    else if (key === 'Font' && Array.isArray(value)) Object.assign(state, { font: String(value[0]), fontSize: Number(value[1]) })
  }
}

/** Six numbers, in any list. */
function matrixOf(value: unknown): Matrix {
  if (typeof value !== 'object' || value === null) return IDENTITY
  const [a, b, c, d, e, f] = Array.from(value as ArrayLike<unknown>, Number)
  return [a ?? 1, b ?? 0, c ?? 0, d ?? 1, e ?? 0, f ?? 0].map((part) => (Number.isFinite(part) ? part : 0)) as unknown as Matrix
}

function boxOf(value: unknown, matrix: Matrix): Box | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const [left, bottom, right, top] = Array.from(value as ArrayLike<unknown>, Number)
  if (left === undefined || bottom === undefined || right === undefined || top === undefined) return undefined
  return transformed(matrix, [left, bottom, right, top])
}

/** Whether a path goes along the edges of its box: each line keeps one coordinate. 0 moves, 1 draws a line, 4 closes. */
function isRectangle(value: unknown): boolean {
  const path = Array.isArray(value) ? (value as readonly unknown[])[0] : undefined
  if (typeof path !== 'object' || path === null) return false
  const numbers = Array.from(path as ArrayLike<unknown>, Number)
  if (numbers.length > 32) return false
  let at = 0
  let point: readonly [number, number] | undefined
  while (at < numbers.length) {
    const step = numbers[at]
    if (step === 4) at++
    else if (step === 0 || step === 1) {
      const [x, y] = [numbers[at + 1] ?? 0, numbers[at + 2] ?? 0]
      if (step === 1 && point && x !== point[0] && y !== point[1]) return false
      point = [x, y]
      at += 3
    } else return false
  }
  return true
}
