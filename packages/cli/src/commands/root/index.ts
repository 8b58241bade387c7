import { writeFileSync } from 'node:fs'
import { formatKeyStatement, formatNoteKey, GatewayError, parseNoteKey, signNote, type KeyStatement } from '@sallyport/core'
import { z } from 'zod'
import { defineCommand } from '../../define-command.ts'
import { makeKeyFile, readKeyFile } from '../../key-file.ts'
import { parseCount } from '../../options.ts'

const Key = z.strictObject({ key: z.string() })
const Statement = z.strictObject({ statement: z.string(), file: z.string().optional() })

interface SignFlags {
  readonly root: string
  readonly key: string
  readonly size?: number
  readonly out?: string
}

const ROOT = ['--root <file>', 'private key of the root; keep the machine that has it off every network'] as const
const LOG_KEY = ['--key <key>', 'public key of the log, as "audit key" prints it'] as const
const OUT = ['--out <file>', 'write the statement to a new file, to be carried to "audit add-statement"'] as const

export const command = defineCommand({
  configure(command, act) {
    command
      .command('init <file>')
      .description('make a root key')
      .requiredOption('--name <name>', 'what names it, such as root/acme')
      .action(
        act(Key, (_, file: string, { name }: { name: string }) => {
          const key = formatNoteKey(makeKeyFile(file, name, 'ed25519').key)
          return { output: { key }, text: key }
        }),
      )
    command
      .command('sign-key')
      .description('certify the key of a log: whoever trusts the root then trusts that key')
      .requiredOption(...ROOT)
      .requiredOption(...LOG_KEY)
      .option('--size <entries>', 'the key signs from this size on (0)', parseCount)
      .option(...OUT)
      .action(act(Statement, (_, flags: SignFlags) => signStatement('certify', flags)))
    command
      .command('revoke-key')
      .description('revoke the key of a log: its checkpoints beyond a size no longer count')
      .requiredOption(...ROOT)
      .requiredOption(...LOG_KEY)
      .requiredOption('--size <entries>', 'largest size its checkpoints still count at', parseCount)
      .option(...OUT)
      .action(act(Statement, (_, flags: SignFlags) => signStatement('revoke', flags)))
  },
})

async function signStatement(act: 'certify' | 'revoke', { root: file, key: text, size = 0, out }: SignFlags) {
  const key = parseNoteKey(text.trim())
  if (!key) throw new GatewayError('REQUEST_PARAMS', '--key: not the public key of a log')
  const root = readKeyFile(file, 'ed25519')
  const content: KeyStatement = { act, origin: key.name, key, size }
  const statement = await signNote(formatKeyStatement(content), root.key, (bytes) => root.sign(bytes))
  if (out === undefined) return { output: { statement }, text: statement.trimEnd() }
  writeFileSync(out, statement, { flag: 'wx' })
  return {
    output: { statement, file: out },
    text: `wrote ${out}\nadd it: sallyport audit add-statement ${out} --root <key of the root>`,
  }
}
