import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { given, parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table } from '../../table.ts'

export const command = defineCommand({
  configure(command, act) {
    command
      .command('plan')
      .description('how long records are kept, what can be deleted now, and what waits for a person')
      .action(
        act(VERBS['retention.plan'].output, async (context) => {
          const output = await openClient(context).call('retention.plan', {})
          const rows = output.terms.map(({ agent, class: name, record, days }) => [
            agent,
            name,
            record,
            days === null ? 'always' : `${days} days`,
          ])
          const stop = output.stoppedBy && `entry ${output.stoppedBy.index} stays: ${shown(output.stoppedBy.why)}`
          const conflicts = output.conflicts.map(
            ({ agent, record, floorOf, floorDays, ceilingOf, ceilingDays }) =>
              `CONFLICT ${agent} ${record}: ${floorOf} keeps at least ${floorDays} days, ${ceilingOf} at most ${ceilingDays}; add to retention.choices`,
          )
          const prunable = `entries ${output.from} to ${output.to} can go, ${output.setAside} of them set aside with proofs`
          const text = [
            table(['AGENT', 'CLASS', 'RECORDS', 'KEPT'], rows),
            prunable,
            ...(stop === undefined ? [] : [stop]),
            ...conflicts,
          ]
          return { output, text: text.join('\n') }
        }),
      )
    command
      .command('run')
      .description('delete what has expired; deleting anything before it expires is refused')
      .option('--to <index>', 'stop at this entry, a multiple of 256', parseCount)
      .action(
        act(VERBS['retention.run'].output, async (context, options: { to?: number }) => {
          const output = await openClient(context).call('retention.run', given({ to: options.to }))
          const isNothing = output.to === output.from
          return { output, text: isNothing ? 'nothing has expired' : `pruned to entry ${output.to}, ${output.setAside} set aside` }
        }),
      )
  },
})
