import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CALIBRATION_BUCKETS, fitCalibration, type CalibrationSample } from '../packages/core/src/inspect/classify/calibration.ts'
import { NGRAM_HEADS, encodeNgramModel, ngramModel, type NgramParts } from '../packages/core/src/inspect/classify/ngram-model.ts'
import type { Row } from './corpus/rows.ts'
import { counterExamples } from './ngram/counter-examples.ts'
import { Examples } from './ngram/examples.ts'
import { highest } from './ngram/highest.ts'
import { report } from './ngram/report.ts'
import { train } from './ngram/trainer.ts'

/**
 * Trains the n-gram model on what `build-corpus.ts` wrote and stores it: `node models/train-ngram.ts CORPUS [OUT]`.
 * Prints how it does on the development rows, and the SHA-256 of the file.
 */
const [folder, out = join(import.meta.dirname, '../packages/gateway/models/guard-ngram.bin')] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: node models/train-ngram.ts CORPUS [OUT]')

const read = (name: string): Row[] =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row)
const rows = { train: read('train.jsonl'), dev: read('dev.jsonl') }

const BUCKETS_LOG2 = 17
/** What a head learns from: users may ask anything of an assistant, third-party text may not; pasted documents are harmless. */
const OVERRIDES = ['override', 'fakeSystem', 'persona', 'extraction']
const PRINTED_HEAD = 1
function weightFor(head: number, { channel, label, kind, source, weight }: Row): number {
  if (head === 0) {
    const isOverride = OVERRIDES.includes(kind) || source === 'own_languages'
    const share = channel === 'user' ? 1 : label === 0 || isOverride ? 0.5 : 0
    return weight * share * (source === 'own_languages' ? 2 : 1)
  }
  if (channel === 'user') return label === 1 ? weight * 0.5 : 0
  return (head === PRINTED_HEAD) === (channel === 'tool') ? weight : weight * 0.4
}

/** By head; chosen on development rows with whole sources left out. The decay is what lets a head work on sources it has not seen. */
const RATES = [
  { epochs: 4, rate: 0.25, decay: 0.005 },
  { epochs: 3, rate: 0.05, decay: 0.03 },
  { epochs: 4, rate: 0.25, decay: 0.005 },
]
const COUNTER_EXAMPLES = 1600

const flat = Array.from({ length: CALIBRATION_BUCKETS }, () => ({ at: 0, spread: 1 }))
function trained(chosen: readonly Row[], name: string): NgramParts {
  const heads = Array.from({ length: NGRAM_HEADS }, (_, head) => {
    const weighed = chosen.map((row) => ({ ...row, weight: weightFor(head, row) })).filter(({ weight }) => weight > 0)
    return train(new Examples(weighed), {
      bucketsLog2: BUCKETS_LOG2,
      seed: 7 + head,
      ...RATES[head],
      note: (line) => process.stderr.write(`${name}, head ${head}: ${line}\n`),
    })
  })
  return { bucketsLog2: BUCKETS_LOG2, heads, calibration: flat }
}

/**
 * Sources that a model for calibration has not seen, in turn: a threshold set on texts of sources that were trained on would be
 * too low for a source that is new.
 */
const FOLDS: readonly (readonly string[])[] = [
  ['tau_tools', 'spamassassin', 'awesome_prompts', 'mitre_frr'],
  ['bfcl', 'bipia_train', 'arena_hard', 'banking77'],
  ['asb', 'code_docs', 'bitext_cs', 'clinc150'],
]
/** At most so many rows of a source in a channel are calibrated on, so that no source alone sets the point. */
const CALIBRATED_MAX = 250
/** Twins quote attacks to be hard, and descriptions of tools are not what tools answer: neither is what usually comes. */
const CALIBRATED_FEW: Readonly<Record<string, number>> = { own_twins: 40, asb: 60 }
/** Their harmless rows hold jailbreaks by our definition of one. */
const NOT_CALIBRATED = ['injecguard_valid', 'piguard_valid']

const first = ngramModel(trained(rows.train, 'first'))
rows.train.push(...counterExamples(first, rows.train, COUNTER_EXAMPLES))

const taken = new Map<string, number>()
const isTaken = ({ source, channel, label }: Row): boolean => {
  if (label === 1 || NOT_CALIBRATED.includes(source)) return false
  const count = (taken.get(`${source} ${channel}`) ?? 0) + 1
  taken.set(`${source} ${channel}`, count)
  return count <= (CALIBRATED_FEW[source] ?? CALIBRATED_MAX)
}
const scored = (parts: NgramParts, chosen: readonly Row[]): CalibrationSample[] => {
  const model = ngramModel(parts)
  return chosen.map(({ text, channel }) => highest(model, text, channel))
}
const samples = FOLDS.flatMap((sources, i) => {
  const isHeld = (row: Row): boolean => sources.includes(row.source) || (row.label === 1 && sources.includes(row.grp ?? ''))
  return scored(
    trained(
      rows.train.filter((row) => !isHeld(row)),
      `fold ${i + 1}`,
    ),
    rows.train.filter((row) => isHeld(row) && isTaken(row)),
  )
})
const draft = trained(rows.train, 'model')
taken.clear()
samples.push(...scored(draft, rows.dev.filter(isTaken)))
const parts: NgramParts = { ...draft, calibration: fitCalibration(samples) }
const bytes = encodeNgramModel(parts)
writeFileSync(out, bytes)
report(ngramModel(parts), rows.dev)
process.stdout.write(`${out}\n${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}\n`)
