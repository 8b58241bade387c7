import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { given, parseDuration } from '../../options.ts'
import { time } from '../../table.ts'

interface Options {
  readonly agent: string
  readonly task: string
  readonly purpose?: string
  readonly ttl?: number
}

export const command = defineCommand({
  configure(command, act) {
    command
      .command('create')
      .description('a session token for an agent, in which you are the originating user')
      .requiredOption('--agent <agent>', 'the agent that acts')
      .requiredOption('--task <task>', 'the task type')
      .option('--purpose <text>', 'why, for the record')
      .option('--ttl <duration>', 'life, at most 15m', parseDuration)
      .action(
        act(VERBS['session.create'].output, async (context, options: Options) => {
          const { agent, task, purpose, ttl } = options
          const output = await openClient(context).call('session.create', { agent, task, ...given({ purpose, ttlMs: ttl }) })
          return {
            output,
            text: `${output.token}\n\n${output.agent} acts for ${output.user} in task ${output.task} until ${time(output.expiresMs)}.`,
          }
        }),
      )
  },
})
