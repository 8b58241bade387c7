import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { parseDuration } from '../../options.ts'
import { table, time } from '../../table.ts'

export const command = defineCommand({
  configure(command, act) {
    command
      .command('create <user>')
      .description('let somebody else decide on approvals in your place; the two of you count as one person')
      .requiredOption('--for <duration>', 'for how long, such as 8h or 14d; at most 30d', parseDuration)
      .requiredOption('--reason <text>', 'why; it is recorded')
      .action(
        act(
          VERBS['delegation.create'].output,
          async (context, to: string, { for: lastsMs, reason }: { for: number; reason: string }) => {
            const untilMs = Date.now() + lastsMs
            const output = await openClient(context).call('delegation.create', { to, untilMs, reason })
            return { output, text: `${output.delegation.id}: ${to} decides in your place until ${time(untilMs)}` }
          },
        ),
      )
    command
      .command('list')
      .description('who decides in whose place, and until when')
      .option('--all', 'those that are over as well', false)
      .action(
        act(VERBS['delegation.list'].output, async (context, { all }: { all: boolean }) => {
          const output = await openClient(context).call('delegation.list', { all })
          const rows = output.delegations.map((one) => [one.id, one.from, one.to, one.state, time(one.fromMs), time(one.untilMs)])
          return { output, text: table(['DELEGATION', 'IN PLACE OF', 'DECIDES', 'STATE', 'FROM', 'UNTIL'], rows) }
        }),
      )
    command
      .command('end <delegation>')
      .description('end it before its time')
      .action(
        act(VERBS['delegation.end'].output, async (context, id: string) => {
          const output = await openClient(context).call('delegation.end', { id })
          return { output, text: `${output.delegation.to} decides for ${output.delegation.from} no more` }
        }),
      )
  },
})
