/**
 * Fits how the scores of the n-gram model and of the transformer become one: `node models/fit-cascade.ts FOLDER [UNSEEN]`.
 * FOLDER holds `dev.jsonl` as `build-corpus.ts` writes it; rows that stand in the file UNSEEN (what the transformer was trained on)
 * are left out. Writes `packages/gateway/models/guard-cascade.json` and prints its SHA-256 and what the cascade does on the rows.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  bucketOf,
  calibrated,
  type Channel,
  combined,
  type Combination,
  fitCalibration,
  parseNgramModel,
  read,
  tokensOf,
} from '@sallyport/core'
import { openShippedClassifier } from '../packages/gateway/src/classifiers/shipped-classifier.ts'

const MODELS = join(import.meta.dirname, '../packages/gateway/models')
const ROWS_MAX = 5_000
const WINDOWS_MAX = 8
const LOGIT_MAX = 12
const ODDS_MAX = 5
const DECADE = Math.log(9)
/** Harmless texts of sources that nothing was trained on raise more false alarms than those of the development set; measured, by about this factor. */
const MARGIN = 4
/** Attacks that may be missed so that most harmless texts cost the transformer no time. */
const LOSS_MAX = 0.03

interface Row {
  readonly text: string
  readonly label: 0 | 1
  readonly channel: Channel
  readonly source: string
}

interface Judged extends Row {
  readonly bucket: number
  readonly ngram: number
  readonly logit: number
}

const [folder = '', unseen] = process.argv.slice(2)
const seen = new Set(unseen === undefined ? [] : rowsOf(unseen).map(({ text }) => text))
const rows = shuffled(rowsOf(join(folder, 'dev.jsonl')).filter(({ text, channel }) => channel !== 'user' && !seen.has(text))).slice(
  0,
  ROWS_MAX,
)
const model = parseNgramModel(readFileSync(join(MODELS, 'guard-ngram.bin')))
const classifier = await openShippedClassifier({ timeoutMs: 60_000 })
const judged: Judged[] = []
for (const row of rows) judged.push(await judge(row))
await classifier.close()

const harmless = judged.filter(({ label }) => label === 0)
const calibration = fitCalibration(harmless.map(({ bucket, logit }) => ({ bucket, raw: logit })))
const points = judged.map((row) => {
  const point = calibration[row.bucket]
  return { ...row, odds: [odds(row.ngram), odds(point ? calibrated(row.logit, point) : 0.5)] as const }
})
const [a, b] = weights()
const tail = tailOf(points.filter(({ label }) => label === 0).map(({ odds: [x, y] }) => a * x + b * y))
const scale = DECADE / tail.spread
const combination: Combination = {
  ngram: round(a * scale),
  transformer: round(b * scale),
  shift: round(-tail.at * scale),
  unsuspicious: 0.1,
  sure: 0.97,
}
const chosen = { ...combination, unsuspicious: unsuspicious() }
const text = `${JSON.stringify({ calibration: calibration.map(({ at, spread }) => ({ at: round(at), spread: round(spread) })), combination: chosen })}\n`
writeFileSync(join(MODELS, 'guard-cascade.json'), text)
report(chosen)

function rowsOf(file: string): Row[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
}

/** The same order every time. */
function shuffled<T>(items: readonly T[]): T[] {
  const key = (index: number): number => Math.imul(index + 1, 0x9e3779b1) >>> 0
  return items
    .map((item, index) => ({ item, key: key(index) }))
    .toSorted((x, y) => x.key - y.key)
    .map(({ item }) => item)
}

/** The most suspicious window by either model, as the cascade would see them. */
async function judge(row: Row): Promise<Judged> {
  const view = read(row.text, { channel: row.channel }).views[0]
  const body = view?.text ?? row.text
  const bucket = bucketOf(row.channel, tokensOf(row.text, 1_024))
  const windows: { start: number; end: number; raw: number }[] = []
  const { score } = model.scan(body, row.channel, {
    windowsMax: 4_096,
    bucket,
    each: (window) => void (window.isWide && windows.push(window)),
  })
  const asked = windows.toSorted((x, y) => y.raw - x.raw).slice(0, WINDOWS_MAX)
  const answers =
    asked.length === 0
      ? []
      : await classifier.score(asked.map(({ start, end }) => ({ text: body.slice(start, end), channel: row.channel })))
  const logit = answers.reduce((most, answer) => Math.max(most, logitOf(answer)), -LOGIT_MAX)
  return { ...row, bucket, ngram: score, logit }
}

function logitOf(probability: number): number {
  return Math.max(-LOGIT_MAX, Math.min(LOGIT_MAX, Math.log(probability / (1 - probability))))
}

function odds(score: number): number {
  return Math.max(-ODDS_MAX, Math.min(ODDS_MAX, Math.log(score / (1 - score))))
}

/** Logistic regression on the two log-odds, every source counting alike; neither weight may be negative. */
function weights(): [number, number] {
  const counts = new Map<string, number>()
  for (const { source, label } of points) counts.set(`${source} ${label}`, (counts.get(`${source} ${label}`) ?? 0) + 1)
  let [x, y, shift] = [0.5, 0.5, 0]
  for (let round = 0; round < 3_000; round++) {
    const slope = [0, 0, 0]
    let total = 0
    for (const {
      odds: [u, v],
      label,
      source,
    } of points) {
      const weight = 1 / Math.sqrt(counts.get(`${source} ${label}`) ?? 1)
      const error = weight * (1 / (1 + Math.exp(-(x * u + y * v + shift))) - label)
      slope[0] = (slope[0] ?? 0) + error * u
      slope[1] = (slope[1] ?? 0) + error * v
      slope[2] = (slope[2] ?? 0) + error
      total += weight
    }
    x = Math.max(0, x - (0.3 * (slope[0] ?? 0)) / total)
    y = Math.max(0, y - (0.3 * (slope[1] ?? 0)) / total)
    shift -= (0.3 * (slope[2] ?? 0)) / total
  }
  return [x, y]
}

/** Where one harmless text in a hundred lies, the margin taken off, and how much further one in a thousand, by an exponential tail. */
function tailOf(values: readonly number[]): { at: number; spread: number } {
  const sorted = values.toSorted((p, q) => p - q)
  const start = sorted[Math.floor(sorted.length * 0.95)] ?? 0
  const above = sorted.filter((value) => value > start)
  const excess = above.reduce((sum, value) => sum + value - start, 0) / Math.max(1, above.length)
  return {
    at: Math.max(
      sorted[Math.floor(sorted.length * (1 - 0.01 / MARGIN))] ?? start,
      start + excess * Math.log((0.05 * MARGIN) / 0.01),
    ),
    spread: Math.max(0.25, excess * Math.log(10)),
  }
}

function scoreOf({ ngram, odds: [, v] }: (typeof points)[number], by: Combination): number {
  if (ngram < by.unsuspicious || ngram >= by.sure) return ngram
  return combined(ngram, 1 / (1 + Math.exp(-v)), by)
}

/** The highest bound below which the transformer is not asked that costs no more than that. */
function unsuspicious(): number {
  const recall = (bound: number): number => {
    const attacks = points.filter(({ label }) => label === 1)
    return attacks.filter((point) => scoreOf(point, { ...combination, unsuspicious: bound }) >= 0.5).length / attacks.length
  }
  const whole = recall(0)
  return [0.2, 0.15, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005].find((bound) => recall(bound) >= whole - LOSS_MAX) ?? 0
}

function report(by: Combination): void {
  const share = (of: readonly (typeof points)[number][], test: (point: (typeof points)[number]) => boolean): string =>
    `${((100 * of.filter(test).length) / Math.max(1, of.length)).toFixed(1)} % of ${of.length}`
  const attacks = points.filter(({ label }) => label === 1)
  const clean = points.filter(({ label }) => label === 0)
  const line = (name: string, hit: (point: (typeof points)[number]) => boolean): string =>
    `${name}\trecall ${share(attacks, hit)}\tfalse alarms ${share(clean, hit)}`
  process.stdout.write(
    [
      JSON.stringify(by),
      line('n-gram', ({ ngram }) => ngram >= 0.5),
      line('transformer', ({ odds: [, v] }) => v >= 0),
      line('cascade', (point) => scoreOf(point, by) >= 0.5),
      ...[0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2].map(
        (bound) =>
          `unsuspicious ${bound}\trecall ${share(attacks, (point) => scoreOf(point, { ...by, unsuspicious: bound }) >= 0.5)}\tasked ${share(clean, ({ ngram }) => ngram >= bound && ngram < by.sure)}`,
      ),
      `asked\t${share(clean, ({ ngram }) => ngram >= by.unsuspicious && ngram < by.sure)} harmless, ${share(attacks, ({ ngram }) => ngram >= by.unsuspicious && ngram < by.sure)} attacks`,
      `SHA-256 ${createHash('sha256').update(text).digest('hex')}`,
      '',
    ].join('\n'),
  )
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
