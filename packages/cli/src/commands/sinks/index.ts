import { readFileSync, statSync } from 'node:fs'
import { GatewayError } from '@sallyport/core'
import { VERBS } from '@sallyport/gateway'
import { z } from 'zod'
import { type ControlClient, openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { given, parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'

/** Largest list of received indices read: some ten million of them. */
const RECEIVED_BYTES_MAX = 100 * 1_048_576
/** Most ranges that are printed or reported one by one. */
const RANGES_SHOWN_MAX = 1_000

const Range = z.strictObject({ from: z.int(), to: z.int().meta({ description: 'Exclusive.' }) })
const Reconciled = z.strictObject({
  sink: z.string(),
  ...Range.shape,
  entries: z.int(),
  events: z.int(),
  expected: z.int().meta({ description: 'Entries that gave the sink at least one event.' }),
  dropped: z.array(Range.extend({ reason: z.string() })),
  /** Only with a list of what was received. */
  received: z.int().optional(),
  missing: z.array(Range).optional(),
  unexpected: z.int().optional().meta({ description: 'Indices received that the log gave it no event for.' }),
  ok: z.boolean().meta({ description: 'Nothing is missing but what was recorded as dropped, as far as the list says.' }),
})
type Reconciled = z.infer<typeof Reconciled>

interface Flags {
  readonly from?: number
  readonly to?: number
  readonly received?: string
}

export const command = defineCommand({
  configure(command, act) {
    command
      .command('status')
      .description('where each destination stands in the log')
      .action(
        act(VERBS['sinks.status'].output, async (context) => {
          const output = await openClient(context).call('sinks.status', {})
          const head = ['SINK', 'TYPE', 'FORMAT', 'STATE', 'NEXT', 'LAG', 'DROPPED', 'LAST DELIVERY', 'PROBLEM']
          const rows = output.sinks.map(({ id, type, format, state, next, lag, skipped, deliveredMs, problem = '' }) => {
            return [id, type, format, state, next, lag, skipped, time(deliveredMs), problem]
          })
          return { output, text: rows.length === 0 ? 'no sinks are configured' : table(head, rows) }
        }),
      )
    command
      .command('reconcile <sink>')
      .description('which entries a destination should have; with --received, which of them it lacks')
      .option('--from <index>', 'first entry (0)', parseCount)
      .option('--to <index>', 'entry to stop before (the end of the log)', parseCount)
      .option('--received <file>', 'indices the destination has, one a line, in any order')
      .action(
        act(Reconciled, async (context, sink: string, flags: Flags) => {
          const output = await reconcile(openClient(context), sink, flags)
          return { output, text: words(output), ...(output.ok ? {} : { exit: 'refused' as const }) }
        }),
      )
  },
})

type Ranges = readonly z.infer<typeof Range>[]

/** Asks step by step: the record that a range was dropped lies behind that range. */
async function reconcile(client: ControlClient, sink: string, flags: Flags): Promise<Reconciled> {
  const from = flags.from ?? 0
  const ranges: { from: number; to: number }[] = []
  const dropped: Reconciled['dropped'] = []
  const counts = { entries: 0, events: 0 }
  let end = flags.to ?? Number.POSITIVE_INFINITY
  for (let at = from; ;) {
    const to = at < end ? end : Number.POSITIVE_INFINITY
    const step = await client.call('sinks.reconcile', { sink, from: at, ...given({ to: Number.isFinite(to) ? to : undefined }) })
    end = Math.min(end, step.size)
    if (at < end) {
      counts.entries += step.entries
      counts.events += step.events
      ranges.push(...step.ranges)
    }
    dropped.push(...step.dropped.filter((range) => range.from < end && range.to > from))
    // What the questions themselves add to the log is not asked for.
    if (step.to >= step.size || step.to <= at) break
    at = step.to
  }
  const base = { sink, from, to: end, ...counts, expected: sizeOf(ranges), dropped }
  if (flags.received === undefined) return { ...base, ok: dropped.length === 0 }
  const received = readIndices(flags.received).filter((index) => index >= from && index < end)
  const missing = without(ranges, received)
  const explained = new Set(dropped.flatMap((range) => numbers(range, missing)))
  const unexplained = without(
    missing,
    [...explained].sort((a, b) => a - b),
  )
  return {
    ...base,
    received: received.length,
    missing: missing.slice(0, RANGES_SHOWN_MAX),
    unexpected: received.length - (sizeOf(ranges) - sizeOf(missing)),
    ok: unexplained.length === 0,
  }
}

function sizeOf(ranges: Ranges): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** What is left of ranges when some indices, in rising order, are taken out. */
function without(ranges: Ranges, indices: readonly number[]): { from: number; to: number }[] {
  const left: { from: number; to: number }[] = []
  let i = 0
  for (const { from, to } of ranges) {
    let start = from
    while ((indices[i] ?? Number.POSITIVE_INFINITY) < from) i++
    for (let index = indices[i]; index !== undefined && index < to; index = indices[++i]) {
      if (index > start) left.push({ from: start, to: index })
      start = index + 1
    }
    if (start < to) left.push({ from: start, to })
  }
  return left
}

/** The indices of a dropped range that are missing: never more than those. */
function numbers(dropped: { readonly from: number; readonly to: number }, missing: Ranges): number[] {
  return missing.flatMap((range) => {
    const [from, to] = [Math.max(range.from, dropped.from), Math.min(range.to, dropped.to)]
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
  })
}

/** Distinct indices in rising order. */
function readIndices(file: string): number[] {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || stat.size > RECEIVED_BYTES_MAX)
    throw new GatewayError('REQUEST_PARAMS', `${file}: not a file of at most ${RECEIVED_BYTES_MAX} bytes`)
  const lines = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '')
  if (lines.some((line) => !/^(?:0|[1-9]\d{0,14})$/.test(line)))
    throw new GatewayError('REQUEST_PARAMS', `${file}: must hold one whole number a line`)
  return [...new Set(lines.map(Number))].sort((a, b) => a - b)
}

function words(result: Reconciled): string {
  const { from, to, entries, events, expected, dropped, received, missing, unexpected } = result
  const lines = [
    `entries ${from} to ${to - 1}: ${entries} in the log, ${expected} of them gave ${shown(result.sink)} ${events} events`,
  ]
  for (const range of dropped.slice(0, RANGES_SHOWN_MAX)) lines.push(`dropped: ${range.from} to ${range.to - 1} (${range.reason})`)
  if (received === undefined) return lines.join('\n')
  lines.push(`received: ${received} of them${(unexpected ?? 0) > 0 ? `; ${unexpected} it should not have` : ''}`)
  for (const range of missing ?? []) lines.push(`missing: ${range.from} to ${range.to - 1}`)
  lines.push(result.ok ? 'ok' : 'entries are missing that were never recorded as dropped')
  return lines.join('\n')
}
