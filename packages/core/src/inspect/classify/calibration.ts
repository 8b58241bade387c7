import type { Channel } from '../../model/channel.ts'
import type { Tokens } from './tokens.ts'

/** Channels that are calibrated apart; the others count as the one they are most like. */
export const CALIBRATED_CHANNELS = ['user', 'tool', 'document', 'email', 'web'] as const
/** Upper ends of the length buckets, in tokens of the original text. */
export const LENGTH_ENDS = [12, 40, 120, 400, Infinity] as const
/** Latin letters; scripts written without spaces; any other. */
export const SCRIPTS = ['latin', 'alone', 'other'] as const
export const CALIBRATION_BUCKETS = CALIBRATED_CHANNELS.length * LENGTH_ENDS.length * SCRIPTS.length

const LIKE: Readonly<Record<Channel, number>> = {
  user: 0,
  tool: 1,
  document: 2,
  email: 3,
  web: 4,
  database: 1,
  retrieval: 2,
  memory: 2,
  agent: 2,
  definition: 1,
  arguments: 1,
  output: 2,
}

/**
 * Raw scores of one bucket made comparable: `at` is the raw score that one in a hundred harmless texts of the bucket reaches,
 * `spread` how much more one in a thousand reaches.
 */
export interface CalibrationPoint {
  readonly at: number
  readonly spread: number
}
/** One point for each bucket, in the order of `bucketOf`. */
export type Calibration = readonly CalibrationPoint[]

/** The bucket a text belongs to: channel × length × script. */
export function bucketOf(
  channel: Channel,
  { count, latin, alone, other }: Pick<Tokens, 'count' | 'latin' | 'alone' | 'other'>,
): number {
  const length = LENGTH_ENDS.findIndex((end) => count <= end)
  const script = alone > latin && alone >= other ? 1 : other > latin ? 2 : 0
  return (LIKE[channel] * LENGTH_ENDS.length + length) * SCRIPTS.length + script
}

/** Odds rise ninefold from the score of one false alarm in a hundred to that of one in a thousand: 0.5 and 0.9. */
const DECADE = Math.log(9)

/**
 * Raw score to score, rising: 0.5 where one harmless text in a hundred of the bucket would score as high, 0.9 where one in a
 * thousand, whatever channel, length and script. So one threshold means one rate of false alarms.
 */
export function calibrated(raw: number, { at, spread }: CalibrationPoint): number {
  return 1 / (1 + Math.exp((-DECADE * (raw - at)) / spread))
}

/** What a harmless text scored. `weight` balances sources of different size. */
export interface CalibrationSample {
  readonly bucket: number
  readonly raw: number
}

/** Samples that a bucket's own figures weigh as much as those of its neighbours. */
const OWN_SAMPLES = 150
const SAMPLES_MIN = 40
const SPREAD_MIN = 0.25
const TAIL = 0.05

/**
 * Fits the points to whole harmless texts (not windows: the more windows, the higher the highest). The tail above the 95th
 * percentile is taken as exponential; a bucket with few samples leans on its channel and length, its channel, then all.
 */
export function fitCalibration(samples: readonly CalibrationSample[]): Calibration {
  const overall = tail(samples.map(({ raw }) => raw)) ?? { at: 0, spread: 1 }
  const within = (from: number, count: number): number[] =>
    samples.filter(({ bucket }) => bucket >= from && bucket < from + count).map(({ raw }) => raw)
  const perChannel = LENGTH_ENDS.length * SCRIPTS.length
  return Array.from({ length: CALIBRATION_BUCKETS }, (_, bucket) => {
    const channel = leaning(within(bucket - (bucket % perChannel), perChannel), overall)
    const length = leaning(within(bucket - (bucket % SCRIPTS.length), SCRIPTS.length), channel)
    return leaning(within(bucket, 1), length)
  })
}

function leaning(raws: readonly number[], parent: CalibrationPoint): CalibrationPoint {
  const own = raws.length >= SAMPLES_MIN ? tail(raws) : undefined
  if (!own) return parent
  const share = raws.length / (raws.length + OWN_SAMPLES)
  return { at: own.at * share + parent.at * (1 - share), spread: own.spread * share + parent.spread * (1 - share) }
}

function tail(raws: readonly number[]): CalibrationPoint | undefined {
  if (raws.length === 0) return undefined
  const sorted = raws.toSorted((a, b) => a - b)
  const start = sorted[Math.floor((sorted.length - 1) * (1 - TAIL))] ?? 0
  const above = sorted.filter((raw) => raw > start)
  const excess = above.length > 0 ? above.reduce((sum, raw) => sum + raw - start, 0) / above.length : SPREAD_MIN
  const observed = sorted[Math.floor((sorted.length - 1) * 0.99)] ?? start
  return { at: Math.max(observed, start + excess * Math.log(TAIL / 0.01)), spread: Math.max(SPREAD_MIN, excess * Math.log(10)) }
}
