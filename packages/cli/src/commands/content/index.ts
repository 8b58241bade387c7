import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { occurrenceLines } from '../../describe-occurrences.ts'
import { parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'

interface Asked {
  readonly purpose: string
  readonly reasoning?: boolean
}

export const command = defineCommand({
  configure(command, act) {
    command
      .command('show')
      .argument('<entry>', 'index of a decision (its input) or an outcome (its output)', parseCount)
      .description('content that was kept for an entry, checked against the entry; the reading is recorded')
      .requiredOption('--purpose <why>', 'why; it is recorded')
      .option('--reasoning', 'what the model said of how it came to its answer')
      .action(
        act(VERBS['content.read'].output, async (context, index: number, { purpose, reasoning }: Asked) => {
          const part = reasoning ? 'reasoning' : 'content'
          const output = await openClient(context).call('content.read', { index, purpose, part })
          return { output, text: shown(output.text) }
        }),
      )
    command
      .command('find')
      .argument('<person>', 'id of the person, as the argument of the tool names them, or user:<issuer>/<id>')
      .description('what vault and log hold of a person, and their pseudonym in the log')
      .requiredOption('--purpose <why>', 'why; it is recorded')
      .action(
        act(VERBS['subject.find'].output, async (context, subject: string, { purpose }: Asked) => {
          const output = await openClient(context).call('subject.find', { subject, purpose })
          return { output, text: output.found ? occurrenceLines(output.found).join('\n') : 'nothing is known of this person' }
        }),
      )
  },
})
