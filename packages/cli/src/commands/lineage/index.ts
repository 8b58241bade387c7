import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { parseCount } from '../../options.ts'
import { flowChart, flowLines, lineageLines } from './describe.ts'

export const command = defineCommand({
  configure(command, act) {
    for (const [name, direction, description] of [
      ['back', 'back', 'where an act came from: the acts that brought its values, and the model call that asked for it'],
      ['forward', 'forward', 'what came of an act: every act, answer and recipient that followed from what it brought'],
    ] as const) {
      command
        .command(name)
        .argument('<entry>', 'index of the act’s decision or outcome', parseCount)
        .description(description)
        .action(
          act(VERBS['audit.lineage'].output, async (context, index: number) => {
            const output = await openClient(context).call('audit.lineage', { index, direction })
            return { output, text: lineageLines(output, direction).join('\n') }
          }),
        )
    }
    command
      .command('flows')
      .argument('<agent>', 'whose data flows')
      .description('where an agent’s data goes: ways that were observed, undeclared ones marked, and declared ones never seen')
      .option('--days <days>', 'how far back (default: 30)', parseCount)
      .option('--mermaid', 'as a Mermaid flowchart')
      .action(
        act(VERBS['audit.flows'].output, async (context, agent: string, options: { days?: number; mermaid?: boolean }) => {
          const days = options.days === undefined ? {} : { days: options.days }
          const output = await openClient(context).call('audit.flows', { agent, ...days })
          return { output, text: options.mermaid ? flowChart(output) : flowLines(output).join('\n') }
        }),
      )
  },
})
