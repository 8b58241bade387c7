import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chance } from '../../../models/corpus/random.ts'
import { readSource, type Row } from '../../../models/corpus/rows.ts'
import { measuredRows } from '../../../models/corpus/source-rows.ts'
import { UDHR_SEEN, UDHR_UNSEEN, udhrHalf } from '../../../models/corpus/udhr.ts'

/** A text to measure with. `lang` is set where the language is what is measured. */
export type TestRow = Pick<Row, 'text' | 'label' | 'channel' | 'source' | 'kind' | 'lang'>

const ATTACKED_SOURCES = ['agentdojo', 'bipia_test', 'deepset', 'injecagent']
const HARMLESS_SOURCES = ['wildguard_benign', 'xstest', 'llmail_benign']
/** Rows of one source, channel and label in a short run. */
const SHORT_ROWS = 120

/** Sources that nothing was trained or chosen on, and harmless text in languages, half of them never trained on. */
export function testRows(short: boolean): TestRow[] {
  const rows: TestRow[] = [...ATTACKED_SOURCES, ...HARMLESS_SOURCES].flatMap((name) => readSource(name))
  rows.push(...measuredRows(), ...languageRows())
  return short ? sampled(rows) : rows
}

function languageRows(): TestRow[] {
  const row = (text: string, lang: string, kind: string): TestRow => ({
    text,
    lang,
    kind,
    label: 0,
    channel: 'document',
    source: 'udhr',
  })
  const seen = Object.entries(UDHR_SEEN).flatMap(([lang, code]) => udhrHalf(code, 'even').map((text) => row(text, lang, 'seen')))
  const unseen = Object.entries(UDHR_UNSEEN).flatMap(([lang, code]) =>
    [...udhrHalf(code, 'even'), ...udhrHalf(code, 'odd')].map((text) => row(text, lang, 'unseen')),
  )
  return [...seen, ...unseen]
}

function sampled(rows: readonly TestRow[]): TestRow[] {
  const counts = new Map<string, number>()
  return chance(1)
    .shuffle(rows)
    .filter(({ source, channel, label, lang }) => {
      const key = `${source} ${channel} ${label} ${lang}`
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count <= SHORT_ROWS
    })
}

/** Harmless sentences with the words of attacks, our own: `user` or `content`, a tab, the sentence; `#` begins a remark. */
export function harmlessSentences(): TestRow[] {
  const lines = readFileSync(join(import.meta.dirname, 'harmless.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [where = '', text = ''] = line.split('\t')
    return { text, label: 0, channel: where === 'user' ? 'user' : 'document', source: 'over_defence', kind: where }
  })
}

const OVERRIDES =
  /\b(?:ignor\w*|disregard\w*|forget\w*|overrid\w*|bypass\w*|vergiss|vergessen sie|missachte\w*|olvid\w*|oubli\w*)\b/i
const RULES =
  /\b(?:instruct\w*|prompt\w*|rules?|previous\w*|above|before|everything|guidelines?|anweisung\w*|befehl\w*|vorherige\w*|bisherige\w*|alles|instruc\w*)\b/i
const NEAR_UNITS = 80

/**
 * Whether an attack is an explicit override: a word that sets aside, and within 80 characters after it a word for what was said
 * before. A rule of words, applied to attacks only; it was written before a text of a test source was seen.
 */
export function isExplicitOverride(text: string): boolean {
  for (let from = 0; ;) {
    const match = OVERRIDES.exec(text.slice(from))
    if (!match) return false
    const after = from + match.index + match[0].length
    if (RULES.test(text.slice(after, after + NEAR_UNITS))) return true
    from = after
  }
}
