import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table } from '../../table.ts'

export const command = defineCommand({
  configure(command, act) {
    command
      .command('list')
      .description('what was stopped on its way to an agent, newest first')
      .option('--limit <count>', 'most items shown', parseCount, 50)
      .action(
        act(VERBS['quarantine.list'].output, async (context, { limit }: { limit: number }) => {
          const output = await openClient(context).call('quarantine.list', { limit })
          const rows = output.held.map((held) => [
            String(held.decision),
            held.time,
            held.agent,
            `${held.server ?? ''}.${shown(held.name ?? '')}`,
            `${held.channel} (${held.trust})`,
            shown(held.findings.join(' ')),
            held.isReleased ? 'released' : 'held',
          ])
          return { output, text: table(['ENTRY', 'TIME', 'AGENT', 'SOURCE', 'CHANNEL', 'FINDINGS', 'STATE'], rows) }
        }),
      )
    command
      .command('show')
      .argument('<entry>', 'the entry the agent was told, or that of its outcome', parseCount)
      .description('one content from quarantine, hidden characters shown; the reading is recorded')
      .requiredOption('--purpose <why>', 'why; it is recorded')
      .action(
        act(VERBS['quarantine.show'].output, async (context, index: number, { purpose }: { purpose: string }) => {
          const output = await openClient(context).call('quarantine.show', { index, purpose })
          return { output, text: shown(output.text) }
        }),
      )
    command
      .command('release')
      .argument('<entry>', 'the entry the agent was told, or that of its outcome', parseCount)
      .description('let exactly this content pass: the agent gets it when it asks again')
      .requiredOption('--reason <why>', 'why; it is recorded')
      .action(
        act(VERBS['quarantine.release'].output, async (context, index: number, { reason }: { reason: string }) => {
          const output = await openClient(context).call('quarantine.release', { index, reason })
          return { output, text: `released: the content of entry ${output.index} passes from now on` }
        }),
      )
    command
      .command('revoke')
      .argument('<entry>', 'the entry whose release is taken back', parseCount)
      .description('take a release back')
      .requiredOption('--reason <why>', 'why; it is recorded')
      .action(
        act(VERBS['quarantine.revoke'].output, async (context, index: number, { reason }: { reason: string }) => {
          const output = await openClient(context).call('quarantine.revoke', { index, reason })
          return { output, text: `revoked: the content of entry ${output.index} is held again` }
        }),
      )
  },
})
