import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import type { Channel } from '@sallyport/core'
import { GatewayError } from '@sallyport/core'
import { scannedAs } from '@sallyport/gateway'
import type { Command } from 'commander'
import { z } from 'zod'
import type { Act, Context, Result } from '../../define-command.ts'
import { collect } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table } from '../../table.ts'
import { listFiles } from './list-files.ts'
import { parseChannel, requireFile, withScanner } from './open-home-scanner.ts'
import { scanFiles } from './scan-files.ts'
import { REPORT_BYTES_MAX, ScanReport, signReport, verifyReport } from './scan-report.ts'

const ROWS_MAX = 200

const Checked = z.strictObject({
  ok: z
    .boolean()
    .meta({ description: 'Whether the report is genuine, says that nothing blocking was found, and is of these files.' }),
  by: z.string(),
  isGenuine: z.boolean(),
  changed: z.array(z.string()).meta({ description: 'Files that are not those that were scanned.' }),
  report: ScanReport,
})

interface Options {
  readonly channel: Channel
  readonly allow?: readonly string[]
  readonly prompt?: boolean
  readonly signAs?: string
  readonly out?: string
  readonly verify?: string
  readonly key?: string
}

/** `guard scan`: prompts, data sets and documents, looked at before they are used. */
export function addScanCommand(command: Command, act: Act): void {
  command
    .command('scan')
    .argument('[path]', 'a file or folder: text, JSON, JSONL, CSV, PDF, Office, mail, archives')
    .description('look for secrets, personal data and planted instructions; needs no running gateway')
    .option('--channel <channel>', 'what it will be used as', parseChannel, 'document')
    .option('--allow <class-or-type>', 'may be there, such as pii or email; repeat it', collect)
    .option('--prompt', 'it is a prompt of your own: that it instructs is no finding, what rules find is')
    .option('--sign-as <user>', 'sign the report with the key of a local user')
    .option('--out <file>', 'write the report to a new file')
    .option('--verify <report>', 'check a signed report instead, and that the files at the path are those it is about')
    .option('--key <key>', 'public key of whoever signed it (base64), where the home folder does not have it')
    .action(
      act(z.union([ScanReport, Checked]), async (context, path: string | undefined, options: Options) => {
        if (options.verify !== undefined) return check(context, options.verify, { path, key: options.key })
        if (path === undefined) throw new GatewayError('REQUEST_PARAMS', 'name a file or folder to scan')
        if (options.signAs !== undefined && options.out === undefined)
          throw new GatewayError('REQUEST_PARAMS', 'a signed report is written to a file: add --out')
        return scan(context, path, options)
      }),
    )
}

async function scan(
  { homeDir }: Context,
  path: string,
  { channel, allow = [], prompt = false, signAs, out }: Options,
): Promise<Result<ScanReport>> {
  const listed = listFiles(path)
  const report = await withScanner(homeDir, async (scanner): Promise<ScanReport> => {
    const { files, found, left } = await scanFiles(scanner, listed, { as: scannedAs(channel), allow, isPrompt: prompt })
    const ok = files.every(({ blocking }) => blocking === 0)
    const at = new Date().toISOString()
    return {
      v: 1,
      ok,
      guard: scanner.hash,
      channel,
      isPrompt: prompt,
      allowed: [...allow],
      at,
      files: [...files],
      findings: [...found],
      left,
    }
  })
  // A signature says that it is clean; what is not clean can still be written down.
  if (signAs !== undefined && report.ok && out !== undefined) write(out, signReport(report, signAs, homeDir))
  else if (out !== undefined && signAs === undefined) write(out, report)
  const isRefused = signAs !== undefined && !report.ok
  return { output: report, text: textOf(report, isRefused), ...(report.ok ? {} : { exit: 'refused' as const }) }
}

function write(file: string, value: unknown): void {
  try {
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { flag: 'wx' })
  } catch (cause) {
    throw new GatewayError('CONFLICT', `${file}: exists, or cannot be written`, { cause })
  }
}

function textOf({ ok, files, findings, left }: ScanReport, isUnsigned: boolean): string {
  const blocking = files.reduce((sum, file) => sum + file.blocking, 0)
  const rows = findings
    .toSorted((a, b) => Number(b.isBlocking) - Number(a.isBlocking))
    .slice(0, ROWS_MAX)
    .map((found) => [
      `${found.file}${found.line === undefined ? '' : `:${found.line}`}`,
      found.at === '' ? '–' : found.at,
      `${found.detector}/${found.code}`,
      found.class ?? '–',
      found.masked,
      found.isBlocking ? 'BLOCKS' : 'note',
    ])
  const more = findings.length + left - rows.length
  const verdict = ok
    ? `clean: ${files.length} file(s)`
    : `refused: ${blocking} finding(s) in ${files.filter((file) => file.blocking > 0).length} of ${files.length} file(s)`
  return [
    ...(rows.length > 0 ? [table(['WHERE', 'AT', 'FINDING', 'CLASS', 'SEEN', ''], rows)] : []),
    ...(more > 0 ? [`and ${more} more`] : []),
    verdict,
    ...(isUnsigned ? ['the report was not signed: it is not clean'] : []),
  ].join('\n')
}

function check(
  { homeDir }: Context,
  file: string,
  { path, key }: { readonly path: string | undefined; readonly key: string | undefined },
): Result<z.infer<typeof Checked>> {
  if (statSync(requireFile(file)).size > REPORT_BYTES_MAX)
    throw new GatewayError('REQUEST_TOO_LARGE', `${file}: larger than ${REPORT_BYTES_MAX} bytes`)
  const { report, by, isGenuine } = verifyReport(readFileSync(file, 'utf8'), { homeDir, publicKey: key })
  const changed = path === undefined ? [] : changedFiles(path, report)
  const ok = isGenuine && report.ok && changed.length === 0
  const words = [
    isGenuine ? `signed by ${by} at ${report.at}` : `NOT signed by ${by}: the report was changed, or somebody else signed it`,
    report.ok ? `${report.files.length} file(s), nothing blocking` : 'it says that something blocking was found',
    ...(path === undefined ? ['name the files to check that they are those it is about'] : []),
    ...changed.map((name) => `another file than was scanned: ${shown(name)}`),
  ]
  return { output: { ok, by, isGenuine, changed, report }, text: words.join('\n'), ...(ok ? {} : { exit: 'refused' as const }) }
}

/** Files that were changed, came or went since; a single file counts under any name. */
function changedFiles(path: string, { files }: ScanReport): string[] {
  const listed = listFiles(path).map(({ name, read }) => ({ name, sha256: createHash('sha256').update(read()).digest('hex') }))
  const [only] = listed
  if (only && listed.length === 1 && files.length === 1) return only.sha256 === files[0]?.sha256 ? [] : [only.name]
  const now = new Map(listed.map(({ name, sha256 }) => [name, sha256]))
  const then = new Map(files.map(({ name, sha256 }) => [name, sha256]))
  return [...new Set([...now.keys(), ...then.keys()])].filter((name) => now.get(name) !== then.get(name)).sort()
}
