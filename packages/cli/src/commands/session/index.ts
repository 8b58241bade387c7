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
    command
      .command('confirm <session>')
      .description('let your session begin anew with a summary you confirm: what it read before taints it no more')
      .requiredOption('--agent <agent>', 'whose session it is')
      .requiredOption('--text <summary>', 'what it is about, in words you stand for')
      .requiredOption('--reason <why>', 'why; it is recorded')
      .action(
        act(
          VERBS['session.confirm'].output,
          async (context, session: string, { agent, text, reason }: { agent: string; text: string; reason: string }) => {
            const output = await openClient(context).call('session.confirm', { agent, session, text, reason })
            const classes = output.classes.length > 0 ? `; classes that stay with it: ${output.classes.join(', ')}` : ''
            return { output, text: `begins anew; the least trusted thing it had read was ${output.integrity}${classes}` }
          },
        ),
      )
  },
})
