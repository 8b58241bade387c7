import { join, resolve } from 'node:path'
import { GAP_KINDS, GatewayError, type Gap, type LogQuery } from '@sallyport/core'
import { VERBS } from '@sallyport/gateway'
import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { openClient } from '../../control-client.ts'
import type { Act, Context } from '../../define-command.ts'
import { entryLine } from '../../describe-entry.ts'
import { collect, given, parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'
import { readText } from './read-text.ts'

const PLAN_BYTES_MAX = 1_048_576
const Exported = z.strictObject({
  dir: z.string().optional(),
  file: z.string().optional(),
  entries: z.int().optional(),
  bytes: z.int().optional(),
})
type Item = z.input<(typeof VERBS)['audit.bundle']['input']>['items'][number]

interface WindowFlags {
  readonly since?: string
  readonly until?: string
  readonly from?: number
  readonly to?: number
}
interface QueryFlags extends WindowFlags {
  readonly session?: string
  readonly act?: string
  readonly trace?: string
  readonly agent?: string
  readonly user?: string
  readonly tool?: string
  readonly class?: string
  readonly subject?: string
  readonly digest?: string
  readonly effect?: string
  readonly status?: string
  readonly verb?: string
  readonly target?: string
  readonly type?: string
  readonly kind?: string
}
interface ExportFlags extends QueryFlags {
  readonly out?: string
  readonly purpose: string
  readonly control?: string[]
  readonly evidence?: string
  readonly plan?: string
  readonly complete?: boolean
  readonly full?: boolean
  readonly state?: boolean
}

/** Commands that ask the log: search it, take a part of it away, see whether it is whole. */
export function addAskCommands(command: Command, act: Act): void {
  withQuery(command.command('search'))
    .description('entries that fit everything named, oldest first; the search is itself recorded')
    .requiredOption('--purpose <words>', 'why; it is recorded')
    .option('-n, --limit <count>', 'how many to show (100); all are counted', parseCount)
    .action(
      act(VERBS['audit.search'].output, async (context, flags: QueryFlags & { limit?: number; purpose: string }) => {
        const { purpose, limit } = flags
        const output = await openClient(context).call('audit.search', { query: queryOf(flags), purpose, ...given({ limit }) })
        const total = Object.values(output.counts).reduce((sum, count) => sum + count, 0)
        const rest = output.next === undefined ? '' : `; go on with --from ${output.next}`
        const line = `${total} of ${output.to - output.from} entries (${output.from} to ${output.to - 1})${rest}`
        return { output, text: [...output.entries.map(entryLine), line].join('\n') }
      }),
    )
  withQuery(command.command('export [folder]'))
    .description('the whole log into a new folder, or with --out what fits everything named, with proofs, as one signed file')
    .requiredOption('--purpose <words>', 'why; it is recorded')
    .option('--out <file>', 'new ZIP file, for "sallyport verify"')
    .option('--control <id>', 'a control it is evidence for; repeat it', collect)
    .option('--evidence <kind>', 'kind of evidence, as the control catalogue calls it')
    .option('--plan <file>', 'JSON array of several questions: id, query, controls, evidence')
    .option('--complete', 'add the hashes of all other entries of the window, so that they are counted')
    .option('--full', 'disclose every entry of the window, so that nothing can be left out')
    .option('--state', 'say what was in force when the window began and ended')
    .action(act(Exported, (context, folder: string | undefined, flags: ExportFlags) => exportLog(context, folder, flags)))
  withWindow(command.command('completeness'))
    .description('whether every decision has what became of it, and where the record has gaps')
    .option('--purpose <words>', 'why; it is recorded')
    .action(
      act(VERBS['audit.completeness'].output, async (context, flags: WindowFlags & { purpose?: string }) => {
        const input = { window: windowOf(flags), ...given({ purpose: flags.purpose }) }
        const output = await openClient(context).call('audit.completeness', input)
        const isWhole = output.report.isBalanced && toLookAt(output.report) === 0
        return { output, text: completenessText(output.report), ...(isWhole ? {} : { exit: 'refused' as const }) }
      }),
    )
  command
    .command('config')
    .description('what was in force at a past moment, by hash')
    .requiredOption('--at <time>', 'RFC 3339, such as 2026-11-21T12:00:00Z', parseTime)
    .option('--purpose <words>', 'why; it is recorded')
    .action(
      act(VERBS['audit.config'].output, async (context, { at, purpose }: { at: string; purpose?: string }) => {
        const output = await openClient(context).call('audit.config', { time: at, ...given({ purpose }) })
        return { output, text: `${JSON.stringify(output.state, undefined, 2)}\n${output.hash}` }
      }),
    )
}

async function exportLog(context: Context, folder: string | undefined, flags: ExportFlags) {
  if ((folder === undefined) === (flags.out === undefined))
    throw new GatewayError('REQUEST_PARAMS', 'name a folder for the whole log, or --out with a file for part of it')
  const { purpose, out, control, evidence, plan } = flags
  if (folder !== undefined) {
    const output = await openClient(context).call('audit.export', { dir: resolve(folder), purpose })
    const where = join(output.dir, 'log')
    return {
      output,
      text: `${output.entries} entries in ${output.dir}\nverify them: sallyport audit verify --log ${where} --key ${join(output.dir, 'log.pub')}`,
    }
  }
  const { since: _1, until: _2, from: _3, to: _4, ...query } = queryOf(flags)
  const items = plan === undefined ? [{ id: 'export', query, ...given({ controls: control, evidence }) }] : readPlan(plan)
  const output = await openClient(context).call('audit.bundle', {
    file: resolve(out ?? ''),
    items,
    window: windowOf(flags),
    coverage: flags.full === true ? 'entries' : flags.complete === true ? 'hashes' : 'selection',
    withState: flags.state === true,
    purpose,
  })
  return { output, text: `wrote ${output.file}\nverify it: sallyport verify ${output.file} --key <file with the log's public key>` }
}

function readPlan(file: string): Item[] {
  const plan = readText(file, PLAN_BYTES_MAX)
  try {
    return VERBS['audit.bundle'].input.shape.items.parse(JSON.parse(plan))
  } catch (cause) {
    throw new GatewayError('REQUEST_PARAMS', `${file}: not a JSON array of questions, each with id, query, controls, evidence`, {
      cause,
    })
  }
}

function completenessText(report: z.infer<(typeof VERBS)['audit.completeness']['output']>['report']): string {
  const { all, agents, gaps, gapCount, entries, isTimeJudged, refusals, admin } = report
  const counts = (name: string, { decisions, outcomes, unknown, open }: typeof all): string => {
    const ended = Object.entries(outcomes).map(([status, count]) => `${count} ${status}`)
    return `${shown(name)}: ${decisions.allow} allowed (${[...ended, `${unknown} unknown`, `${open} open`].join(', ')}), ${decisions.deny} denied, ${decisions.require_approval} held`
  }
  const gapLine = ({ kind, from, to, since, until, count }: Gap): string =>
    `gap  ${kind}  between ${from} and ${to}${since === undefined ? '' : `  ${since} – ${until ?? ''}`}${count === undefined ? '' : `  ${count}`}`
  return [
    `${entries} entries: ${refusals} refusals, ${admin} acts of people and of the gateway`,
    counts('all agents', all),
    ...Object.entries(agents).map(([name, own]) => counts(name, own)),
    ...gaps.map(gapLine),
    ...(isTimeJudged ? [] : ['silence is not judged: there were no signs of life throughout']),
    `${report.isBalanced ? 'balanced' : 'NOT BALANCED'}, ${gapCount} gaps, ${toLookAt(report)} to look at`,
  ].join('\n')
}

/** Gaps that somebody has to look at; those beyond the listed ones count, whatever they are. */
function toLookAt({ gaps, gapCount }: { readonly gaps: readonly Gap[]; readonly gapCount: number }): number {
  return gaps.filter(({ kind }) => GAP_KINDS[kind].isAlert).length + (gapCount - gaps.length)
}

function withWindow(command: Command): Command {
  return command
    .option('--since <time>', 'not before, RFC 3339', parseTime)
    .option('--until <time>', 'before', parseTime)
    .option('--from <index>', 'first entry', parseCount)
    .option('--to <index>', 'entry after the last', parseCount)
}

function withQuery(command: Command): Command {
  return withWindow(command)
    .option('--session <id>', 'a session, with its opening')
    .option('--act <id>', 'one act')
    .option('--trace <id>', 'traceparent, trace id or session id that the client sent; unverified')
    .option('--agent <agent>', 'who acted')
    .option('--user <user>', 'for whom, or who acted on the gateway; system for none')
    .option('--tool <server.tool>', 'what was called; a server for all of its tools')
    .option('--class <class>', 'class of data, such as phi')
    .option('--subject <person>', 'person the content is about: an id, or the pseudonym of entries')
    .option('--digest <hash>', 'commitment to an action, an input or an output')
    .option('--effect <effect>', 'allow, require_approval, deny')
    .option('--status <status>', 'status of an outcome')
    .option('--kind <kind>', 'kind of action, such as tool.call')
    .option('--type <type>', 'decision, outcome, unknown, refusal, admin, evaluation')
    .option('--verb <verb>', 'verb of an admin entry; manifest.* for all that start so')
    .option('--target <target>', 'target of an admin entry')
}

function windowOf({ since, until, from, to }: WindowFlags): Pick<LogQuery, keyof WindowFlags> {
  return given({ since, until, from, to })
}

function queryOf(flags: QueryFlags): LogQuery & { person?: string } {
  const {
    session,
    act,
    trace,
    agent,
    user,
    tool,
    class: dataClass,
    subject,
    digest,
    effect,
    status,
    verb,
    target,
    type,
    kind,
  } = flags
  const isPseudonym = subject !== undefined && /^[0-9a-f]{64}$/.test(subject)
  const query = {
    ...windowOf(flags),
    ...given({ session, act, agent, user, tool, digest, effect, status, verb, target, type, kind }),
    ...given({ correlation: trace, class: dataClass, [isPseudonym ? 'subject' : 'person']: subject }),
  }
  // The control plane judges values; here only their names are known.
  return query as LogQuery
}

/** RFC 3339 with any offset, as UTC with milliseconds, for commander. */
function parseTime(text: string): string {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('write a time such as 2026-11-21T12:00:00Z, or a day.')
  return new Date(text).toISOString()
}
