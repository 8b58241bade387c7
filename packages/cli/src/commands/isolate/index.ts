import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'

export const command = defineCommand({
  configure(command, act) {
    command
      .argument('<agent>')
      .requiredOption('--reason <text>', 'why; part of the record')
      .action(
        act(VERBS.isolate.output, async (context, agent: string, options: { reason: string }) => {
          const output = await openClient(context).call('isolate', { agent, reason: options.reason })
          return {
            output,
            text: `${output.agent} is isolated: its next call is denied, its streams are cut (epoch ${output.epoch})`,
          }
        }),
      )
  },
})
