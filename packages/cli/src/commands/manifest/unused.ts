import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GatewayError } from '@sallyport/core'
import { loadConfig, MANIFEST_TEXT_CHARS_MAX, type VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import type { ControlClient } from '../../control-client.ts'
import type { Context, Result } from '../../define-command.ts'
import { given } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'

/** Most parts of a log looked at for one answer. */
const PARTS_MAX = 100

export interface UnusedOptions {
  readonly days?: number
  readonly write?: boolean
}
type Unused = z.output<(typeof VERBS)['manifest.unused']['output']>
type Rows = Unused['unused']

/** Lists what an agent did not use; with `--write`, replaces its manifest file by one without that. */
export async function unusedGrants(
  context: Context,
  client: ControlClient,
  { agent, options }: { readonly agent: string; readonly options: UnusedOptions },
): Promise<Result<Unused>> {
  const file = join(loadConfig(client.home.configFile).manifestsDir, `${agent}.yaml`)
  const text = readIfThere(file)
  const isCarried = text !== undefined && text.length <= MANIFEST_TEXT_CHARS_MAX
  const output = await readBack(client, { agent, ...given({ days: options.days, text: isCarried ? text : undefined }) })
  const { proposal } = output
  const found = report(output)
  if (options.write !== true)
    return { output, text: [...found, ...(proposal === undefined ? [] : ['', ...lines(proposal)])].join('\n') }
  if (output.next !== undefined)
    throw new GatewayError('CONFLICT', 'the log holds too many entries of these days; ask for fewer days')
  if (proposal === undefined) return { output, text: [...found, '', 'nothing to remove'].join('\n') }
  if (!context.json) context.write([...found, '', ...removals(output.unused)].join('\n'))
  if (text === undefined || readIfThere(file) !== text)
    throw new GatewayError('CONFLICT', 'the manifest file changed in between; look again')
  replaceFile(file, proposal)
  const { version } = await client.call('manifest.show', { agent })
  return { output, text: `wrote ${file}: v${version} is in force` }
}

/** Asks part by part, so that nobody else at the control plane waits long: a long log takes many answers. */
async function readBack(client: ControlClient, input: { readonly agent: string; readonly text?: string }): Promise<Unused> {
  let output = await client.call('manifest.unused', input)
  for (let part = 1; output.next !== undefined && part < PARTS_MAX; part++) {
    const before = output
    const only = [...before.unused, ...before.young].map(({ task, kind, name }) => ({ task, kind, name }))
    const next = await client.call('manifest.unused', { ...input, before: output.next, only })
    if (next.hash !== before.hash) throw new GatewayError('CONFLICT', 'the manifest changed in between; look again')
    output = { ...next, entries: before.entries + next.entries }
  }
  return output
}

function report(output: Unused): string[] {
  const where = `the log from ${time(output.fromMs)} on (${output.entries} entries read)`
  const cut =
    output.next === undefined ? [] : ['The log holds too many entries of these days, so nothing is proposed; ask for fewer days.']
  const young = output.young.map((one) => `  ${one.task}: ${shown(one.name)}, granted ${time(one.grantedMs)}`)
  return [
    `${output.agent} v${output.version}: ${output.unused.length} grant(s) not used for ${output.days} days, by ${where}`,
    ...cut,
    ...(output.unused.length > 0 ? [unusedTable(output.unused)] : []),
    ...(young.length > 0 ? ['not used either, but too young to say:', ...young] : []),
  ]
}

function unusedTable(rows: Rows): string {
  return table(
    ['TASK', 'KIND', 'GRANT', 'GRANTED'],
    rows.map((row) => [row.task, row.kind, row.name, time(row.grantedMs)]),
  )
}

function removals(rows: Rows): string[] {
  return rows.map(({ task, kind, name }) => `- tasks.${task}.${kind}.${shown(name)}`)
}

function lines(text: string): string[] {
  return text.split('\n').map((line) => shown(line))
}

function readIfThere(file: string): string | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file, 'utf8') : undefined
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${file}: cannot be read`, { cause })
  }
}

/** All or nothing: the gateway, which follows the folder, never reads half a manifest. A leading dot hides the draft from it. */
function replaceFile(file: string, text: string): void {
  const draft = join(dirname(file), `.${randomBytes(6).toString('hex')}.tmp`)
  const { mode } = statSync(file)
  try {
    const descriptor = openSync(draft, 'wx', mode & 0o777)
    try {
      writeFileSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, file)
  } catch (cause) {
    rmSync(draft, { force: true })
    throw new GatewayError('CONFIG_INVALID', `${file}: cannot be written`, { cause })
  }
}
