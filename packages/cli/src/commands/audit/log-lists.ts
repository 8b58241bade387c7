import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  deriveLogKeys,
  firstLogKey,
  formatLogList,
  formatNoteKey,
  GatewayError,
  KEY_HISTORY_BYTES_MAX,
  judgeLogList,
  NOTE_BYTES_MAX,
  parseNoteKey,
  signNote,
  verifyLog,
  verifyLogList,
  type ListedLog,
  type NoteKey,
} from '@sallyport/core'
import { LOG_KEY_FILE, LOG_KEYS_FILE, logReader, problemOf } from '@sallyport/gateway'
import type { Command } from 'commander'
import { z } from 'zod'
import type { Act } from '../../define-command.ts'
import { readKeyFile } from '../../key-file.ts'
import { collect } from '../../options.ts'
import { readText } from './read-text.ts'

const Made = z.strictObject({ file: z.string(), logs: z.array(z.strictObject({ origin: z.string(), sizeMin: z.int() })) })
const Checked = z.strictObject({
  ok: z.boolean(),
  deployment: z.string(),
  at: z.string(),
  logs: z.array(z.strictObject({ origin: z.string(), size: z.int() })),
  problems: z.array(z.strictObject({ reason: z.string(), origin: z.string(), detail: z.string().optional() })),
})
type Checked = z.infer<typeof Checked>

interface MakeFlags {
  readonly sign: string
  readonly name: string
  readonly out: string
}
interface CheckFlags {
  readonly list: string
  readonly signer: string
}

const FOLDERS = 'folders made by "audit export"'

/** A deployment's list of logs: who holds it sees that a log is gone, not only that one is wrong. */
export function addLogListCommands(command: Command, act: Act): void {
  const logs = command.command('logs').description('the signed list of a deployment’s logs: make it, hold logs against it')
  logs
    .command('make')
    .argument('<folder...>', FOLDERS)
    .description('verify these logs and sign a list of them with their sizes')
    .requiredOption('--sign <file>', 'private key that signs the list, as "root init" makes one')
    .requiredOption('--name <deployment>', 'what the list is of')
    .requiredOption('--out <file>', 'new file for the list')
    .action(act(Made, (_, folders: string[], flags: MakeFlags) => make(folders, flags)))
  logs
    .command('check')
    .argument('[folder...]', FOLDERS, collect, [])
    .description('verify these logs and report what is missing or shorter than listed')
    .requiredOption('--list <file>', 'the signed list')
    .requiredOption('--signer <key>', 'public key of whoever signed it')
    .action(
      act(Checked, async (_, folders: string[], flags: CheckFlags) => {
        const output = await check(folders, flags)
        const lines = output.problems.map(({ reason, origin, detail = '' }) => `${reason}  ${origin}  ${detail}`.trimEnd())
        const text = output.ok ? `ok  ${output.logs.length} logs as listed on ${output.at}` : lines.join('\n')
        return { output, text, ...(output.ok ? {} : { exit: 'refused' as const }) }
      }),
    )
}

async function make(folders: readonly string[], { sign, name, out }: MakeFlags) {
  const signer = readKeyFile(sign, 'ed25519')
  const logs: ListedLog[] = []
  for (const folder of folders) {
    const key = keyIn(folder)
    const found = await verified(folder, key)
    if (found.problem !== undefined) throw new GatewayError('AUDIT_INVALID', `${folder}: ${found.problem}`)
    logs.push({ key, sizeMin: found.size })
  }
  const list = formatLogList({ deployment: name, atMs: Date.now(), logs })
  writeFileSync(out, await signNote(list, signer.key, (bytes) => signer.sign(bytes)), { flag: 'wx' })
  const listed = logs.map(({ key, sizeMin }) => ({ origin: key.name, sizeMin }))
  return { output: { file: out, logs: listed }, text: `wrote ${out}: ${listed.length} logs\nsigner ${formatNoteKey(signer.key)}` }
}

async function check(folders: readonly string[], flags: CheckFlags): Promise<Checked> {
  const signer = parseNoteKey(flags.signer.trim())
  if (!signer) throw new GatewayError('REQUEST_PARAMS', '--signer: not a public key')
  const list = verifyLogList(readText(flags.list, NOTE_BYTES_MAX), [signer])
  if ('fault' in list) throw new GatewayError('AUDIT_INVALID', `${flags.list}: ${list.fault}`)
  const logs: { origin: string; size: number }[] = []
  const problems: Checked['problems'] = []
  for (const folder of folders) {
    const { name: origin } = keyIn(folder)
    // Under the key that was listed: the one in the folder is whatever came with it.
    const listed = list.logs.find(({ key }) => key.name === origin)
    const found = listed ? await verified(folder, listed.key) : { size: 0 }
    if (found.problem !== undefined) problems.push({ reason: 'log_invalid', origin, detail: found.problem })
    logs.push({ origin, size: found.size })
  }
  for (const { reason, origin, expected, size } of judgeLogList(list, logs)) {
    const detail = expected === undefined ? {} : { detail: `listed with ${expected} entries, ${size ?? 0} are there` }
    problems.push({ reason, origin, ...detail })
  }
  return { ok: problems.length === 0, deployment: list.deployment, at: new Date(list.atMs).toISOString(), logs, problems }
}

/** The key a log is listed under: its first one, from which the history that came with it leads to the others. */
function keyIn(folder: string): NoteKey {
  const first = firstLogKey(historyIn(folder))
  if (first) return first
  const file = join(folder, LOG_KEY_FILE)
  const key = existsSync(file) ? parseNoteKey(readText(file, 10_000).trim()) : undefined
  if (!key) throw new GatewayError('REQUEST_PARAMS', `${folder}: holds no exported log`)
  return key
}

function historyIn(folder: string): string {
  const file = join(folder, LOG_KEYS_FILE)
  return existsSync(file) ? readText(file, KEY_HISTORY_BYTES_MAX) : ''
}

/** Entries under the log's checkpoint, if all of it verifies. */
async function verified(folder: string, first: NoteKey): Promise<{ size: number; problem?: string }> {
  const trusted = deriveLogKeys(historyIn(folder), { first })
  if ('fault' in trusted) return { size: 0, problem: `the history of keys does not hold: ${trusted.fault}` }
  const report = await verifyLog(logReader(join(folder, 'log')), trusted)
  return { size: report.ok ? report.checkpointed : 0, ...problemOf(report) }
}
