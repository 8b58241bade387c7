import { VERBS } from '@sallyport/gateway'
import type { Command } from 'commander'
import { openClient } from '../../control-client.ts'
import type { Act } from '../../define-command.ts'
import { entryLine, sizesLine } from '../../describe-entry.ts'
import { given, parseCount } from '../../options.ts'
import { followTail } from './follow-tail.ts'

interface TailFlags {
  readonly limit?: number
  readonly from?: number
  readonly purpose?: string
  readonly follow?: boolean
}

/** `audit tail`: the newest entries, once or as they come. */
export function addTailCommand(command: Command, act: Act): void {
  command
    .command('tail')
    .description('the newest entries; reading them is itself recorded')
    .option('-n, --limit <count>', 'how many (20)', parseCount)
    .option('--from <index>', 'start at this entry', parseCount)
    .option('-f, --follow', 'go on with what comes, until ended')
    .option('--purpose <words>', 'why; it is recorded')
    .action(
      act(VERBS['audit.tail'].output, async (context, flags: TailFlags) => {
        const { limit, from, purpose } = flags
        if (flags.follow === true) {
          const seen = await followTail(context, given({ limit, from, purpose }))
          return { output: seen, text: '', isPrinted: true }
        }
        const output = await openClient(context).call('audit.tail', given({ limit, from, purpose }))
        return { output, text: [...output.entries.map(entryLine), sizesLine(output.sizes)].join('\n') }
      }),
    )
}
