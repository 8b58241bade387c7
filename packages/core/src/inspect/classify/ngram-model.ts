import { GatewayError } from '../../errors.ts'
import type { Channel } from '../../model/channel.ts'
import { CALIBRATION_BUCKETS, bucketOf, calibrated, type Calibration, type CalibrationPoint } from './calibration.ts'
import { TOKEN_FEATURES_MAX, tokenFeatures } from './features.ts'
import { tokensOf, type Tokens } from './tokens.ts'
import { SCALES, tokensWithin, windowCount, windowStart, windowsAt } from './windows.ts'

/** What the model saw in one text, at its most suspicious window. */
export interface NgramScan {
  /** Logit of the window that scored highest; 0 windows: `-Infinity`. */
  readonly raw: number
  /** The raw score made comparable (see `calibrated`), 0 to 1. */
  readonly score: number
  /** The window, in UTF-16 units of the text. */
  readonly start: number
  readonly end: number
  /** Calibration bucket of the text. */
  readonly bucket: number
  /** How many windows were scored, of all scales. */
  readonly windows: number
  /** Whether the whole text was read; otherwise it was longer than the windows allowed. */
  readonly isWhole: boolean
}

/** A window of a text, in UTF-16 units of it, with its raw score; `isWide` when it is of the widest scale that the text has. */
export interface ScoredWindow {
  readonly start: number
  readonly end: number
  readonly raw: number
  readonly isWide: boolean
}

export interface ScanOptions {
  readonly windowsMax: number
  /** Bucket to score by, where the text is a reading of another; its own by default. */
  readonly bucket?: number
  /** Told of every window, in order, scale by scale. */
  readonly each?: (window: ScoredWindow) => void
}

/** Hashed n-grams, logistic regression, three heads: what users write, what tools print, what third parties write. No state between calls. */
export interface NgramModel {
  readonly calibration: Calibration
  /** 0 to 1; 0.5 is what one harmless text in a hundred of its channel, length and script reaches. */
  score(text: string, channel: Channel): number
  scan(text: string, channel: Channel, options: ScanOptions): NgramScan
}

export const NGRAM_HEADS = 3
const MAGIC = 0x53504e47 // "SPNG"
const VERSION = 1
const HEADER_BYTES = 8 + NGRAM_HEADS * 8
const BUCKETS_LOG2_MAX = 20
const DEFAULT_WINDOWS_MAX = 4096

/** The parts of a model: what the trainer makes and the file holds. */
export interface NgramParts {
  readonly bucketsLog2: number
  /** One for each head: logit = `bias` + `scale` × sum of weights ÷ √features. */
  readonly heads: readonly { readonly bias: number; readonly scale: number; readonly weights: Int8Array }[]
  readonly calibration: Calibration
}

/** What tools print, where a bare order is out of place; in prose between people it is not. */
const PRINTED: ReadonlySet<Channel> = new Set(['tool', 'database', 'definition', 'arguments'])

/** Head that reads a channel: the user's own words, what tools print, prose of third parties. */
export const headOf = (channel: Channel): number => (channel === 'user' ? 0 : PRINTED.has(channel) ? 1 : 2)

/** File format, big-endian: magic, version, log2 of buckets, two zero bytes; bias and scale by head; calibration; weights by head. */
export function encodeNgramModel({ bucketsLog2, heads, calibration }: NgramParts): Uint8Array {
  const weightsAt = HEADER_BYTES + CALIBRATION_BUCKETS * 8
  const bytes = new Uint8Array(weightsAt + NGRAM_HEADS * 2 ** bucketsLog2)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC)
  view.setUint8(4, VERSION)
  view.setUint8(5, bucketsLog2)
  heads.forEach(({ bias, scale, weights }, head) => {
    view.setFloat32(8 + head * 8, bias)
    view.setFloat32(12 + head * 8, scale)
    bytes.set(new Uint8Array(weights.buffer, weights.byteOffset, weights.length), weightsAt + head * 2 ** bucketsLog2)
  })
  calibration.forEach(({ at, spread }, bucket) => {
    view.setFloat32(HEADER_BYTES + bucket * 8, at)
    view.setFloat32(HEADER_BYTES + bucket * 8 + 4, spread)
  })
  return bytes
}

/**
 * Reads a model file.
 * @throws GatewayError `CONFIG_INVALID` when it is not one of this version, cut off, too long, or holds numbers that are none.
 */
export function parseNgramModel(bytes: Uint8Array): NgramModel {
  const parts = decode(bytes)
  return ngramModel(parts)
}

function decode(given: Uint8Array): NgramParts {
  // A copy of its own: a Node buffer's `slice` would share memory, and what is verified must not change afterwards.
  const bytes = new Uint8Array(given)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== MAGIC) throw invalid('it is not an n-gram model')
  if (view.getUint8(4) !== VERSION) throw invalid(`it has version ${view.getUint8(4)}, this gateway reads version ${VERSION}`)
  const bucketsLog2 = view.getUint8(5)
  if (bucketsLog2 < 8 || bucketsLog2 > BUCKETS_LOG2_MAX) throw invalid('its number of buckets is out of range')
  const weightsAt = HEADER_BYTES + CALIBRATION_BUCKETS * 8
  const buckets = 2 ** bucketsLog2
  if (bytes.length !== weightsAt + NGRAM_HEADS * buckets) throw invalid('its length does not fit its header')
  const number = (at: number): number => {
    const value = view.getFloat32(at)
    if (!Number.isFinite(value)) throw invalid('it holds a number that is none')
    return value
  }
  const heads = Array.from({ length: NGRAM_HEADS }, (_, head) => ({
    bias: number(8 + head * 8),
    scale: number(12 + head * 8),
    weights: new Int8Array(bytes.slice(weightsAt + head * buckets, weightsAt + (head + 1) * buckets).buffer),
  }))
  const calibration = Array.from({ length: CALIBRATION_BUCKETS }, (_, bucket): CalibrationPoint => {
    const point = { at: number(HEADER_BYTES + bucket * 8), spread: number(HEADER_BYTES + bucket * 8 + 4) }
    if (point.spread <= 0) throw invalid('its calibration is not rising')
    return point
  })
  return { bucketsLog2, heads, calibration }
}

const invalid = (why: string): GatewayError => new GatewayError('CONFIG_INVALID', `the n-gram model cannot be used: ${why}`)

/** A model of its parts; the trainer calls it to calibrate what it has trained. */
export function ngramModel(parts: NgramParts): NgramModel {
  const { calibration } = parts
  const scan = (text: string, channel: Channel, { windowsMax, bucket, each }: ScanOptions): NgramScan => {
    const tokens = tokensOf(text, tokensWithin(windowsMax))
    const place = bucket ?? bucketOf(channel, tokens)
    const point = calibration[place]
    const best = highest(tokens, parts, { head: headOf(channel), each })
    const score = point && tokens.count > 0 ? calibrated(best.raw, point) : 0
    return { ...best, score, bucket: place, windows: windowCount(tokens.count), isWhole: tokens.isWhole }
  }
  return { calibration, scan, score: (text, channel) => scan(text, channel, { windowsMax: DEFAULT_WINDOWS_MAX }).score }
}

type Best = Pick<NgramScan, 'raw' | 'start' | 'end'>

/** Sums over any window come from running sums over tokens, so a window more costs two subtractions. */
function highest(tokens: Tokens, parts: NgramParts, { head, each }: { head: number; each: ScanOptions['each'] }): Best {
  const { count, starts, ends } = tokens
  const { bias = 0, scale = 0, weights } = parts.heads[head] ?? {}
  const sums = new Int32Array(count + 1)
  const features = new Int32Array(count + 1)
  if (weights) accumulate(tokens, weights, { sums, features })
  let [raw, from, to] = [-Infinity, 0, 0]
  const wide = SCALES.findLast((size) => windowsAt(count, size) > 0)
  for (const size of SCALES) {
    const total = windowsAt(count, size)
    for (let i = 0; i < total; i++) {
      const first = windowStart(i, count, size)
      const last = Math.min(count, first + size.tokens)
      const amount = (features[last] ?? 0) - (features[first] ?? 0)
      const logit = bias + (scale * ((sums[last] ?? 0) - (sums[first] ?? 0))) / Math.sqrt(amount)
      each?.({ start: starts[first] ?? 0, end: ends[last - 1] ?? 0, raw: logit, isWide: size === wide })
      if (logit > raw) [raw, from, to] = [logit, first, last]
    }
  }
  return { raw, start: starts[from] ?? 0, end: to > 0 ? (ends[to - 1] ?? 0) : 0 }
}

function accumulate(tokens: Tokens, weights: Int8Array, into: { sums: Int32Array; features: Int32Array }): void {
  const { sums, features } = into
  const mask = weights.length - 1
  const hashes = new Int32Array(TOKEN_FEATURES_MAX)
  for (let i = 0; i < tokens.count; i++) {
    const written = tokenFeatures(tokens, i, hashes)
    let sum = sums[i] ?? 0
    for (let k = 0; k < written; k++) sum += weights[(hashes[k] ?? 0) & mask] ?? 0
    sums[i + 1] = sum
    features[i + 1] = (features[i] ?? 0) + written
  }
}
