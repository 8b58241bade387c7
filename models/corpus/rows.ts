import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** One row of the corpus. `label` 1: an instruction that its channel may not give. `at`: where in the text it stands. */
export interface Row {
  readonly text: string
  readonly label: 0 | 1
  readonly channel: 'user' | 'tool' | 'document' | 'email' | 'web'
  readonly source: string
  readonly kind: string
  readonly weight: number
  readonly grp?: string
  readonly lang?: string
  readonly at?: readonly [number, number]
}

/** Sources that only measure: never trained on, never used to choose anything. */
export const TEST_SOURCES = [
  'agentdojo',
  'bipia_test',
  'deepset',
  'injecagent',
  'wildguard_benign',
  'xstest',
  'llmail_benign',
  'pii_presidio',
]
/** Their licence is not clear: no shipped weight has seen them. */
const UNCLEAR_SOURCES = ['neuralchemy', 'safeguard', 'tensortrust']

export const dataFolder = (): string => process.env['SALLYPORT_DATA'] ?? join(import.meta.dirname, '../../../shared/data')

export function readSource(name: string, folder = dataFolder()): Row[] {
  const lines = gunzipSync(readFileSync(join(folder, `${name}.jsonl.gz`)))
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
  return lines.map((line) => {
    const { text, label, channel, kind, grp, lang } = JSON.parse(line) as Row
    const known = channel as string
    return {
      text,
      label,
      channel: known === 'rag' ? 'document' : channel,
      source: name,
      kind,
      weight: 1,
      ...(grp ? { grp } : {}),
      ...(lang ? { lang } : {}),
    }
  })
}

export function trainableSources(folder = dataFolder()): string[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .map((name) => name.slice(0, -'.jsonl.gz'.length))
  return names.filter((name) => !TEST_SOURCES.includes(name) && !UNCLEAR_SOURCES.includes(name)).toSorted()
}

const SHINGLE_WORDS = 6
/** A row that shares this part of its shingles with the test sources is not trained on. */
const SHARED_MAX = 0.4

/** Tells which texts share too much with the test sources; those are read for nothing else. */
export function contamination(texts: Iterable<string>): (text: string) => boolean {
  const known = new Set<string>()
  const whole = new Set<string>()
  for (const text of texts) {
    const list = words(text)
    whole.add(list.join(' '))
    for (const shingle of shingles(list)) known.add(shingle)
  }
  return (text) => {
    const list = words(text)
    if (whole.has(list.join(' '))) return true
    let shared = 0
    let count = 0
    for (const shingle of shingles(list)) {
      count++
      if (known.has(shingle)) shared++
    }
    return count > 0 && shared / count >= SHARED_MAX
  }
}

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

function* shingles(list: readonly string[]): Generator<string> {
  for (let i = 0; i + SHINGLE_WORDS <= list.length; i++) yield list.slice(i, i + SHINGLE_WORDS).join(' ')
}
