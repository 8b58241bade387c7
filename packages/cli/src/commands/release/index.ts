import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'

export const command = defineCommand({
  configure(command, act) {
    command
      .argument('<agent>')
      .requiredOption('--reason <text>', 'why; part of the record')
      .option('--keep-keys', 'bring keys from before the isolation back to life')
      .action(
        act(VERBS.release.output, async (context, agent: string, options: { reason: string; keepKeys?: boolean }) => {
          const output = await openClient(context).call('release', {
            agent,
            reason: options.reason,
            keepKeys: options.keepKeys === true,
          })
          const keys =
            output.deadKeys.length === 0
              ? ''
              : `\n${output.deadKeys.length} older key(s) stay dead; issue new ones: sallyport agent rotate ${agent} --task <task>`
          return { output, text: `${output.agent} may act again${keys}` }
        }),
      )
  },
})
