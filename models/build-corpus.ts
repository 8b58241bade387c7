import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attackRows } from './corpus/attack-rows.ts'
import { benignRows } from './corpus/benign-rows.ts'
import { chance } from './corpus/random.ts'
import { TEST_SOURCES, contamination, dataFolder, readSource, type Row } from './corpus/rows.ts'
import { sourceRows } from './corpus/source-rows.ts'

/**
 * Writes `train.jsonl`, `dev.jsonl` and `COUNTS.txt` to the folder given: `node models/build-corpus.ts FOLDER [SEED]`.
 * Nothing of them is committed. The test sources are read only to drop what looks like them.
 */
const [folder, seed = '20260101'] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: node models/build-corpus.ts FOLDER [SEED]')

const random = chance(Number(seed))
const isKnown = contamination(TEST_SOURCES.flatMap((name) => readSource(name, dataFolder()).map(({ text }) => text)))
const found = sourceRows()
const rows = { train: [...found.train], dev: [...found.dev] }
for (const part of ['train', 'dev'] as const) {
  const own = benignRows(part, found[part], random)
  const hosts = [
    ...found[part],
    ...own.filter(({ kind, source }) => kind === 'page' || kind === 'mail' || kind === 'prose' || source === 'udhr'),
  ]
  rows[part].push(...own, ...attackRows(part, hosts, random))
}

const dropped = new Map<string, number>()
const seen = new Set<string>()
const isNew = (row: Row): boolean => {
  const key = `${row.channel === 'user' ? 'u' : 'd'} ${row.text}`
  if (row.text.trim() === '' || seen.has(key)) return false
  seen.add(key)
  if (!isKnown(row.text)) return true
  dropped.set(row.source, (dropped.get(row.source) ?? 0) + 1)
  return false
}
mkdirSync(folder, { recursive: true })
const counts: string[] = []
// Development first: what is in both stays there.
for (const part of ['dev', 'train'] as const) {
  const kept = random.shuffle(rows[part].filter(isNew))
  writeFileSync(join(folder, `${part}.jsonl`), kept.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const tally = new Map<string, number>()
  for (const { source, channel, label } of kept) {
    const key = `${part}\t${label === 1 ? 'attack' : 'benign'}\t${channel}\t${source}`
    tally.set(key, (tally.get(key) ?? 0) + 1)
  }
  counts.push(`${part}\t${kept.length} rows, ${kept.filter(({ label }) => label === 1).length} attacks`)
  counts.push(...[...tally].toSorted(byName).map(([key, count]) => `${key}\t${count}`))
}
counts.push(
  '',
  'dropped because a test source holds much of it:',
  ...[...dropped].toSorted(byName).map(([source, count]) => `${source}\t${count}`),
)
writeFileSync(join(folder, 'COUNTS.txt'), `${counts.join('\n')}\n`)

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
