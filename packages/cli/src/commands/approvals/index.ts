import { VERBS } from '@sallyport/gateway'
import type { Command } from 'commander'
import { openClient } from '../../control-client.ts'
import { defineCommand, type Act } from '../../define-command.ts'
import { parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'
import { requestLines } from './describe.ts'

export const command = defineCommand({
  configure(command, act) {
    command
      .command('list')
      .description('acts that wait for people, the most urgent first')
      .option('--all', 'those that are over as well', false)
      .option('--limit <count>', 'most requests shown', parseCount, 100)
      .action(
        act(VERBS['approval.list'].output, async (context, { all, limit }: { all: boolean; limit: number }) => {
          const output = await openClient(context).call('approval.list', { all, limit })
          const rows = output.requests.map((one) => [
            one.id,
            one.state,
            one.agent,
            `${one.server}.${shown(one.name, 60)}`,
            `${one.scope}, ${one.tier}`,
            one.reasons.join(' '),
            `${one.votes.filter(({ verdict }) => verdict === 'approve').length} of ${one.people}`,
            time(one.expiresMs),
            one.whyNot === undefined ? 'you may decide' : '',
          ])
          return { output, text: table(['REQUEST', 'STATE', 'AGENT', 'ACT', 'EFFECT', 'WHY', 'APPROVED', 'UNTIL', ''], rows) }
        }),
      )
    command
      .command('show <request>')
      .description('exactly what one act would do, why it waits, and where its arguments come from')
      .action(
        act(VERBS['approval.show'].output, async (context, id: string) => {
          const output = await openClient(context).call('approval.show', { id })
          return { output, text: requestLines(output).join('\n') }
        }),
      )
    addDecision(command, act, 'approve')
    addDecision(command, act, 'reject')
  },
})

function addDecision(command: Command, act: Act, verdict: 'approve' | 'reject'): void {
  command
    .command(`${verdict} <request>`)
    .description(verdict === 'approve' ? 'let exactly this act happen, once' : 'say no; the agent is told')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .requiredOption('--shown <hash>', 'the hash that "approvals show" printed: what you looked at')
    .action(
      act(
        VERBS['approval.decide'].output,
        async (context, id: string, { reason, shown: hash }: { reason: string; shown: string }) => {
          const output = await openClient(context).call('approval.decide', { id, verdict, reason, shown: hash })
          const { state, votes, people } = output.request
          const open = state === 'pending' ? `: ${votes.length} of ${people} have approved` : ''
          return { output, text: `${id} is ${state}${open}` }
        },
      ),
    )
}
