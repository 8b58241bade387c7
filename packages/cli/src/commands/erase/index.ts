import { writeFileSync } from 'node:fs'
import { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { occurrenceLines } from '../../describe-occurrences.ts'
import { given } from '../../options.ts'

interface EraseOptions {
  readonly subject: string
  readonly authority: string
  readonly dryRun?: boolean
  readonly out?: string
}

export const command = defineCommand({
  configure(command, act) {
    command
      .requiredOption('--subject <person>', 'id of the person, as the argument of the tool names them, or user:<issuer>/<id>')
      .requiredOption('--authority <text>', 'on whose request and by which right; it is recorded, so it must not name the person')
      .option('--dry-run', 'say what would be erased and what forbids it')
      .option('--out <file>', 'write the receipt to a new file')
      .action(
        act(VERBS['subject.erase'].output, async (context, { subject, authority, dryRun, out }: EraseOptions) => {
          const output = await openClient(context).call('subject.erase', { subject, authority, ...given({ dryRun }) })
          if (out !== undefined && output.receipt !== undefined) writeFileSync(out, output.receipt, { flag: 'wx' })
          return { output, text: said(output, out), ...(output.status === 'waiting' ? { exit: 'refused' as const } : {}) }
        }),
      )
  },
})

function said(output: z.output<(typeof VERBS)['subject.erase']['output']>, out: string | undefined): string {
  const found = output.found ? occurrenceLines(output.found) : []
  switch (output.status) {
    case 'nothing':
      return 'nothing is known of this person'
    case 'dry_run':
      return ['would be erased:', ...found].join('\n')
    case 'waiting':
      return ['NOT erased: it is held, and runs by itself when the hold ends', ...found].join('\n')
    case 'erased':
      return [
        `erased; the certificate is entry ${output.certificate}`,
        ...found,
        output.isDestroyed === true
          ? 'no older copy of the keys opens any more'
          : 'COPIES OF THE KEYS in backups still open until the backups are gone: see docs/operating/erasure.md',
        ...(out === undefined
          ? []
          : [`wrote ${out}\nverify it: sallyport audit verify --proof ${out} --key <file with the log's public key>`]),
      ].join('\n')
  }
}
