import { readFileSync } from 'node:fs'
import { VERBS } from '@sallyport/gateway'
import type { Command } from 'commander'
import type { z } from 'zod'
import { openClient } from '../../control-client.ts'
import type { Act } from '../../define-command.ts'
import { given, parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'

type Replay = z.output<(typeof VERBS)['manifest.replay']['output']>

const WORDS = { allow: 'allow', require_approval: 'ask', deny: 'block' } as const

/** `manifest replay`: a changed file against what the agent did, before it is saved. */
export function addReplayCommand(command: Command, act: Act): void {
  command
    .command('replay <agent> <file>')
    .description('what a manifest file would have done with the agent’s acts, before it is saved')
    .option('--days <count>', 'of this many days (7)', parseCount)
    .action(
      act(VERBS['manifest.replay'].output, async (context, agent: string, ...[file, options]: [string, { days?: number }]) => {
        const text = readFileSync(file, 'utf8')
        const output = await openClient(context).call('manifest.replay', { agent, text, ...given({ days: options.days }) })
        return { output, text: replayText(output) }
      }),
    )
}

/** What would change, most frequent first. */
function replayText({ acts, same, changes, fromMs, entries }: Replay): string {
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
