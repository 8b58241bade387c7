import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { consistencyProof, formatNoteKey, fromUtf8, parseTilePath, proveEntry, tileNodes } from '@sallyport/core'
import { KEY, makeLog } from '../../../packages/core/src/record/fixtures/memory-log.ts'
import { sampleLog } from './field-attacks.ts'
import { sha } from './judge.ts'
import { flipped, headOf } from './proof-attacks.ts'

export interface IndependentFigures {
  /** What judged; `none` where Go is not installed. */
  readonly judge: string
  readonly checks: number
  /** Genuine ones it refused, and spoilt ones it took. */
  readonly disagreed: readonly string[]
}

interface Check {
  readonly name: string
  readonly genuine: boolean
  readonly check: Readonly<Record<string, unknown>>
}

const SIZES = [1, 2, 255, 256, 257, 513]
const FOLDER = fileURLToPath(new URL('../../../conformance/tlog/', import.meta.url))
const RUN_MS_MAX = 120_000

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const head = ({ size, root }: { size: number; root: Uint8Array }): object => ({ size, root: base64(root) })

/** Has our checkpoints, tiles and proofs judged by the Go project's sumdb code, which shares nothing with ours. */
export async function judgeIndependently(): Promise<IndependentFigures> {
  if (spawnSync('go', ['version']).status !== 0) return { judge: 'none', checks: 0, disagreed: [] }
  const checks: Check[] = []
  for (const size of SIZES) for await (const check of checksAt(size)) checks.push(check)
  const input = JSON.stringify({ key: formatNoteKey(KEY), checks: checks.map(({ check }) => check) })
  const run = spawnSync('go', ['run', '.'], {
    cwd: FOLDER,
    input,
    encoding: 'utf8',
    timeout: RUN_MS_MAX,
    maxBuffer: 64 * 1_048_576,
  })
  if (run.status !== 0) throw new Error(`the Go program could not be run: ${run.stderr.slice(-1_000)}`)
  const verdicts = JSON.parse(run.stdout) as string[]
  const disagreed = checks.flatMap(({ name, genuine }, i) =>
    (verdicts[i] === '') === genuine ? [] : [`${name}: ${verdicts[i] || 'taken'}`],
  )
  return { judge: 'golang.org/x/mod/sumdb', checks: checks.length, disagreed }
}

async function* checksAt(size: number): AsyncGenerator<Check> {
  const entries = sampleLog(size)
  const files = await makeLog(entries)
  const read = (path: string): Uint8Array | undefined => files.get(path)
  const next = headOf(files)
  const leaves = entries.map(base64)
  const note = fromUtf8(files.get('checkpoint') ?? new Uint8Array()) ?? ''
  yield { name: `checkpoint of ${size}`, genuine: true, check: { kind: 'note', note, head: head(next) } }
  yield {
    name: `spoilt checkpoint of ${size}`,
    genuine: false,
    check: { kind: 'note', note: note.replace(/\n\d/, '\n9'), head: head(next) },
  }
  yield { name: `root of ${size}`, genuine: true, check: { kind: 'tree', leaves, head: head(next) } }
  for (const [path, bytes] of files) {
    const tile = parseTilePath(path)
    if (!tile || tile.level === 'entries') continue
    yield { name: path, genuine: true, check: { kind: 'tile', leaves, ...tile, bytes: base64(bytes) } }
    yield { name: `spoilt ${path}`, genuine: false, check: { kind: 'tile', leaves, ...tile, bytes: base64(flipped(bytes)) } }
  }
  for (const index of new Set([0, size >> 1, size - 1])) {
    const { hashes, entry } = await proveEntry(read, index, sha)
    const check = { kind: 'inclusion', head: head(next), index, leaf: base64(entry), hashes: hashes.map(base64) }
    yield { name: `inclusion ${index} of ${size}`, genuine: true, check }
    yield { name: `spoilt inclusion ${index} of ${size}`, genuine: false, check: { ...check, leaf: base64(flipped(entry)) } }
  }
  for (const oldSize of SIZES.filter((one) => one < size)) {
    const old = headOf(await makeLog(entries.slice(0, oldSize)))
    const hashes = await consistencyProof(oldSize, size, tileNodes(read, size, sha))
    const check = { kind: 'consistency', head: head(next), old: head(old), hashes: hashes.map(base64) }
    yield { name: `consistency ${oldSize} to ${size}`, genuine: true, check }
    yield {
      name: `spoilt consistency ${oldSize} to ${size}`,
      genuine: false,
      check: { ...check, old: head({ ...old, root: flipped(old.root) }) },
    }
  }
}
