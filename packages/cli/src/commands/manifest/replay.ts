import type { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'

type Replay = z.output<(typeof VERBS)['manifest.replay']['output']>

const WORDS = { allow: 'allow', require_approval: 'ask', deny: 'block' } as const

/** What would change, most frequent first. */
export function replayText({ acts, same, changes, fromMs, entries }: Replay): string {
  const head = `${acts} acts since ${time(fromMs)} (${entries} entries read): ${same} as they were`
  if (changes.length === 0) return head
  const rows = changes.map(({ count, before, after, isCertain, task, kind, name, reasons, last }) => [
    String(count),
    `${WORDS[before]} → ${WORDS[after]}${isCertain ? '' : ' or stricter'}`,
    task,
    shown(`${kind} ${name}`),
    reasons.join(', '),
    String(last),
  ])
  const unsure = changes.some(({ isCertain }) => !isCertain)
  const note = 'or stricter: a bound on arguments is new or changed, and the log holds no arguments'
  return [head, table(['ACTS', 'WOULD', 'TASK', 'ACT', 'REASONS', 'NEWEST'], rows), ...(unsure ? [note] : [])].join('\n')
}
