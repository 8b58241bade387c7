import {
  canaryDetector,
  CHANNELS,
  classify,
  contactDetector,
  DEFAULT_GUARD_POLICY,
  type Detector,
  detectors,
  type Examined,
  examine,
  exfiltrationDetector,
  type Json,
  openStreamScan,
  ordinaryOpening,
  parseNgramModel,
  read,
} from '@sallyport/core'
import { readModel } from '../../packages/gateway/src/guard/read-model.ts'
import { phoneFinder } from '../../packages/gateway/src/inspect/find-phones.ts'
import { atMost, type Figure, type Measured, type Program } from '../report.ts'
import { leastUs } from './guard/clock.ts'
import { noticeDelay } from './guard/notice-delay.ts'
import { SAMPLES, WORST } from './guard/samples.ts'

const KIB = 1_024
/** The channel in which most readings are made. */
const CHANNEL = 'web'
const LINEAR_RATIO_MAX = 12
/** Eight times as much text, for worst cases. */
const WORST_CHARS = { full: [128 * KIB, 1_024 * KIB], short: [8 * KIB, 64 * KIB] } as const
const CHUNK_CHARS = 16
const LONG_CHARS = 200_000

const active: readonly Detector[] = [
  ...detectors.filter(({ id }) => id !== 'contact'),
  contactDetector({ findPhones: phoneFinder() }),
  exfiltrationDetector({ allowedHosts: [] }),
  canaryDetector([], new Uint8Array(32)),
]
const ngram = { name: 'guard-ngram', model: parseNgramModel(readModel('guard-ngram.bin')) }

/** What looking at content costs, stage by stage, and whether content made to be slow stays linear. */
export const guard: Program = {
  about: 'µs per KB and MB/s of each stage of the guard, worst-case inputs, streaming',
  async run({ short, note }) {
    const sizes = short ? { '1KB': KIB, '32KB': 32 * KIB } : { '1KB': KIB, '32KB': 32 * KIB, '1MB': 1_024 * KIB }
    note('stages')
    const stages = Object.fromEntries(Object.entries(sizes).map(([name, chars]) => [name, stagesAt(chars, short)]))
    note('channels')
    const channels = Object.fromEntries(
      CHANNELS.map((channel) => [
        channel,
        perKb(
          32 * KIB,
          leastUs(() => examine(SAMPLES['prose']?.(32 * KIB) ?? '', { channel, detectors: active }), { runs: 2 }),
        ),
      ]),
    )
    note('worst cases')
    const worst = worstCases(WORST_CHARS[short ? 'short' : 'full'])
    note('streaming')
    const streaming = streamed()
    const notice = await noticeDelay(short ? 60 : 200)
    return report({ stages, channels, worst, streaming: { ...streaming, ...notice } })
  },
}

/** µs per KB of each stage over each kind of content, and what the whole makes per second. */
function stagesAt(chars: number, short: boolean): Record<string, Record<string, number>> {
  return Object.fromEntries(Object.entries(SAMPLES).map(([kind, make]) => [kind, stagesOf(make(chars), short)]))
}

function stagesOf(value: Json, short: boolean): Record<string, number> {
  const examined = examine(value, { channel: CHANNEL, detectors: active })
  const texts = examined.texts.map(({ leaf }) => leaf.text)
  const chars = texts.reduce((sum, { length }) => sum + length, 0)
  // What takes long needs no repetition.
  const runs = chars > LONG_CHARS ? { runs: 1, roundUs: 0 } : short ? { runs: 2, roundUs: 4_000 } : { runs: 3, roundUs: 10_000 }
  const us = (run: () => unknown): number => perKb(chars, leastUs(run, runs))
  const of = (used: readonly Detector[]) => (): Examined => examine(value, { channel: CHANNEL, detectors: used })
  const bare = leastUs(of([]), runs)
  const each = active
    .filter(({ channels }) => channels.includes(CHANNEL))
    .map((one): [string, number] => [one.id, Math.max(0, perKb(chars, leastUs(of([one]), runs) - bare))])
  const whole = us(of(active))
  const scored = us(() => classified(examined))
  return {
    reading: us(() => texts.map((text) => read(text, { channel: CHANNEL }))),
    ...Object.fromEntries(each),
    examine: whole,
    ngram: scored,
    cascade: round(whole + scored),
    mbPerSecond: round(KIB / (whole + scored)),
  }
}

function classified({ texts }: Examined): unknown {
  const input = {
    channel: CHANNEL,
    trust: 'web',
    texts: texts.map(({ reading }, index) => ({ path: String(index), reading })),
  } as const
  return classify(input, {
    ngram,
    thresholds: DEFAULT_GUARD_POLICY.thresholds,
    budget: { windowsMax: 8_192, transformerWindowsMax: 0 },
  })
}

interface WorstCase {
  readonly name: string
  readonly usPerKb: number
  readonly ratio: number
}

/** How much longer eight times as much takes. What is quick is measured more often: there the noise is. */
function worstCases([few, many]: readonly [number, number]): readonly WorstCase[] {
  return Object.entries(WORST).map(([name, make]) => {
    const time = (chars: number, runs: number): number => {
      const value = make(chars)
      return leastUs(() => classified(examine(value, { channel: CHANNEL, detectors: active })), { runs, roundUs: 5_000 })
    }
    const [short, long] = [time(few, 2), time(many, 1)]
    return { name, usPerKb: perKb(many, long), ratio: round(long / short) }
  })
}

/** A stream in small pieces, as models and progress notices come. */
function streamed(): Record<string, number> {
  const sample = SAMPLES['prose']?.(32 * KIB)
  const text = typeof sample === 'string' ? sample : ''
  const heldChars: number[] = []
  let firstAt = 0
  const run = (): void => {
    const scan = openStreamScan({
      detect: (part) =>
        examine(part, { channel: CHANNEL, detectors: active })
          .findings.result()
          .seen.map(({ finding }) => finding),
      treat: () => 'pass',
      opening: ordinaryOpening,
      overWork: 'block',
    })
    firstAt = 0
    for (let at = 0; at < text.length; at += CHUNK_CHARS) {
      const { release } = scan.push(text.slice(at, at + CHUNK_CHARS))
      if (firstAt === 0 && release !== '') firstAt = at + CHUNK_CHARS
      heldChars.push(scan.heldChars())
    }
  }
  const us = leastUs(run, { runs: 2 })
  return {
    usPerKbAt16Chars: perKb(text.length, us),
    firstReleaseAfterChars: firstAt,
    heldCharsMean: round(heldChars.reduce((sum, held) => sum + held, 0) / heldChars.length),
    heldCharsMax: heldChars.reduce((most, held) => Math.max(most, held), 0),
  }
}

interface Parts {
  readonly stages: Record<string, Record<string, Record<string, number>>>
  readonly channels: Record<string, number>
  readonly worst: readonly WorstCase[]
  readonly streaming: Record<string, number>
}

function report({ stages, channels, worst, streaming }: Parts): Measured {
  const slowest = worst.toSorted((a, b) => b.usPerKb - a.usPerKb)
  const steepest = worst.toSorted((a, b) => b.ratio - a.ratio)
  const figures: Record<string, Figure> = {
    usPerKb: stages,
    examineUsPerKbByChannel: channels,
    worstInputs: worst.length,
    worstRatios: Object.fromEntries(steepest.slice(0, 10).map(({ name, ratio }) => [name, ratio])),
    worstUsPerKb: Object.fromEntries(slowest.slice(0, 10).map(({ name, usPerKb }) => [name, usPerKb])),
    notLinear: steepest.filter(({ ratio }) => ratio > LINEAR_RATIO_MAX).map(({ name }) => name),
    streaming,
  }
  return { figures, targets: { worstRatio: atMost(steepest[0]?.ratio ?? 0, LINEAR_RATIO_MAX) } }
}

function perKb(chars: number, us: number): number {
  return round((us * KIB) / Math.max(1, chars))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
