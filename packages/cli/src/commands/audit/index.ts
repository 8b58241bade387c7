import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  formatNoteKey,
  GatewayError,
  parseNoteKey,
  parseProof,
  PROOF_BYTES_MAX,
  verifyLog,
  verifyProof,
  type NoteKey,
} from '@sallyport/core'
import { auditKeyOf, logReader, openHome, problemOf, VERBS } from '@sallyport/gateway'
import { z } from 'zod'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { entryLine } from '../../describe-entry.ts'
import { given, parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'

const Verified = z.strictObject({
  ok: z.boolean(),
  size: z.int().optional(),
  rootHash: z.string().optional(),
  entry: z.int().optional().meta({ description: 'Index of the entry, when a proof was verified.' }),
  problem: z.string().optional(),
})
const Key = z.strictObject({ key: z.string() })

interface VerifyOptions {
  readonly log?: string
  readonly proof?: string
  readonly key?: string
}

export const command = defineCommand({
  configure(command, act) {
    command
      .command('tail')
      .description('the newest entries; reading them is itself recorded')
      .option('-n, --limit <count>', 'how many (20)', parseCount)
      .option('--from <index>', 'start at this entry', parseCount)
      .action(
        act(VERBS['audit.tail'].output, async (context, options: { limit?: number; from?: number }) => {
          const output = await openClient(context).call('audit.tail', given({ limit: options.limit, from: options.from }))
          return { output, text: output.entries.map(entryLine).join('\n') }
        }),
      )
    command
      .command('verify')
      .description('verify the log; with --key, a copied log or a proof, offline and without a home folder')
      .option('--log <folder>', 'a log folder, such as an exported one')
      .option('--proof <file>', 'a proof made by "audit prove"')
      .option('--key <file>', 'file with the public key of the log (see "audit key")')
      .action(
        act(Verified, async (context, options: VerifyOptions) => {
          const output =
            options.proof !== undefined || options.log !== undefined
              ? await verifyOffline(options)
              : await openClient(context).call('audit.verify', {})
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
      .command('export <folder>')
      .description('copy the log and its public key into a new folder')
      .action(
        act(VERBS['audit.export'].output, async (context, folder: string) => {
          const output = await openClient(context).call('audit.export', { dir: resolve(folder) })
          const where = join(output.dir, 'log')
          return {
            output,
            text: `${output.entries} entries in ${output.dir}\nverify them: sallyport audit verify --log ${where} --key ${join(output.dir, 'log.pub')}`,
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
  },
})

async function verifyOffline(options: VerifyOptions): Promise<z.infer<typeof Verified>> {
  if (options.key === undefined) throw new GatewayError('REQUEST_PARAMS', '--key: name the file with the log’s public key')
  if (options.log !== undefined && options.proof !== undefined)
    throw new GatewayError('REQUEST_PARAMS', 'verify either --log or --proof')
  const key = readKey(options.key)
  if (options.log !== undefined) {
    const report = await verifyLog(logReader(requireFolder(options.log)), { origin: key.name, keys: [key] })
    return { ok: report.ok, size: report.size, rootHash: report.root, ...problemOf(report) }
  }
  const proof = parseProof(readText(options.proof ?? '', PROOF_BYTES_MAX))
  if (proof === undefined) return { ok: false, problem: 'not a proof' }
  const result = verifyProof(proof, { origin: key.name, keys: [key] })
  return result.ok
    ? { ok: true, entry: result.entry.index, size: result.checkpoint.size }
    : { ok: false, entry: proof.index, problem: result.fault }
}

function readKey(file: string): NoteKey {
  const key = parseNoteKey(readText(file, 10_000).trim())
  if (key === undefined) throw new GatewayError('REQUEST_PARAMS', `${file}: not the public key of a log`)
  return key
}

function readText(file: string, bytesMax: number): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || stat.size > bytesMax)
    throw new GatewayError('REQUEST_PARAMS', `${file}: not a file of at most ${bytesMax} bytes`)
  return readFileSync(file, 'utf8')
}

function requireFolder(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new GatewayError('REQUEST_PARAMS', `${path}: not a folder`)
  return path
}

function verdict(result: z.infer<typeof Verified>): string {
  if (!result.ok) return `DOES NOT VERIFY: ${shown(result.problem ?? 'unknown')}`
  if (result.entry !== undefined) return `ok  entry ${result.entry} is in the log of ${result.size} entries`
  return `ok  ${result.size} entries  root ${result.rootHash}`
}
