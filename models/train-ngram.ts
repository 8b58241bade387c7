import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CALIBRATION_BUCKETS, fitCalibration } from '../packages/core/src/inspect/classify/calibration.ts'
import { encodeNgramModel, ngramModel, type NgramParts } from '../packages/core/src/inspect/classify/ngram-model.ts'
import type { Row } from './corpus/rows.ts'
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

const BUCKETS_LOG2 = 18
const read = (name: string): Row[] =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row)
const rows = { train: read('train.jsonl'), dev: read('dev.jsonl') }

/** What a head learns from: users may ask anything of an assistant, third-party text may not, and pasted documents are harmless. */
const seenBy =
  (head: number) =>
  (row: Row): boolean =>
    head === 0
      ? row.channel === 'user' || row.label === 0 || ['override', 'fakeSystem', 'persona', 'extraction'].includes(row.kind)
      : row.channel !== 'user' || row.label === 1

const heads = [0, 1].map((head) => {
  const examples = new Examples(
    rows.train
      .filter(seenBy(head))
      .map((row) => (head === 0 && row.channel !== 'user' ? { ...row, weight: row.weight * 0.5 } : row)),
  )
  return train(examples, {
    bucketsLog2: BUCKETS_LOG2,
    seed: 7 + head,
    note: (line) => process.stderr.write(`head ${head}: ${line}\n`),
  })
})
const flat = Array.from({ length: CALIBRATION_BUCKETS }, () => ({ at: 0, spread: 1 }))
const draft = ngramModel({ bucketsLog2: BUCKETS_LOG2, heads, calibration: flat })
/** At most so many rows of a source in a channel are calibrated on, so that no source alone sets the point. */
const CALIBRATED_MAX = 250
const taken = new Map<string, number>()
const isTaken = ({ source, channel }: Row): boolean => {
  const count = taken.get(`${source} ${channel}`) ?? 0
  taken.set(`${source} ${channel}`, count + 1)
  return count < CALIBRATED_MAX
}
const samples = rows.dev.filter((row) => row.label === 0 && isTaken(row)).map(({ text, channel }) => highest(draft, text, channel))
const parts: NgramParts = { bucketsLog2: BUCKETS_LOG2, heads, calibration: fitCalibration(samples) }
const bytes = encodeNgramModel(parts)
writeFileSync(out, bytes)
report(ngramModel(parts), rows.dev)
process.stdout.write(`${out}\n${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}\n`)
