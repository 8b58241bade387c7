import { writeFileSync } from 'node:fs'
import { formatNoteKey } from '@sallyport/core'
import { auditKeyOf, openHome, VERBS } from '@sallyport/gateway'
import { z } from 'zod'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { collect, parseCount } from '../../options.ts'
import { addAskCommands } from './ask-log.ts'
import { addKeyCommands } from './key-life.ts'
import { addLogListCommands } from './log-lists.ts'
import { addTailCommand } from './tail.ts'
import { isOffline, verdict, Verified, verifyOffline, type VerifyFlags } from './verify-offline.ts'

const Key = z.strictObject({ key: z.string() })

export const command = defineCommand({
  configure(command, act) {
    addTailCommand(command, act)
    command
      .command('verify')
      .description('verify the log; with --key, a copied log or a proof, offline and without a home folder')
      .option('--log <folder>', 'a log folder, such as an exported one')
      .option('--proof <file>', 'a proof made by "audit prove"')
      .option('--key <file>', 'file with the public key of the log (see "audit key")')
      .option('--keys <file>', 'file with the history of its keys (see "audit keys"), where there was more than one')
      .option('--root <key>', 'public key of the offline root that certified the first of them')
      .option(
        '--known <file>',
        'a checkpoint held elsewhere, such as one a witness serves, or a folder of them; repeat it',
        collect,
      )
      .option('--stamps <folder>', 'time stamps, each beside the checkpoint it is over; both must hold')
      .option('--stamp-roots <file>', 'root certificates (PEM) that the time stamps must chain to')
      .option('--witness <key>', 'public key of a witness that cosigned it; repeat it', collect)
      .option('--at-least <count>', 'how many of these witnesses an entry needs (all)', parseCount)
      .action(
        act(Verified, async (context, options: VerifyFlags) => {
          const output = isOffline(options) ? await verifyOffline(options) : await openClient(context).call('audit.verify', {})
          return { output, text: verdict(output), ...(output.ok ? {} : { exit: 'refused' as const }) }
        }),
      )
    command
      .command('prove')
      .argument('<entry>', 'index of the entry', parseCount)
      .description('a proof that one entry is in the log, which anyone can verify')
      .option('--out <file>', 'write the proof to a new file')
      .action(
        act(VERBS['audit.prove'].output, async (context, index: number, options: { out?: string }) => {
          const output = await openClient(context).call('audit.prove', { index })
          if (options.out === undefined) return { output, text: output.proof.trimEnd() }
          writeFileSync(options.out, output.proof, { flag: 'wx' })
          return {
            output,
            text: `wrote ${options.out}\nverify it: sallyport audit verify --proof ${options.out} --key <file with the log's public key>`,
          }
        }),
      )
    command
      .command('key')
      .description('the public key of the log; give it to those who verify')
      .action(
        act(Key, (context) => {
          const key = formatNoteKey(auditKeyOf(openHome(context.homeDir, { create: false })))
          return { output: { key }, text: key }
        }),
      )
    addAskCommands(command, act)
    addKeyCommands(command, act)
    addLogListCommands(command, act)
  },
})
