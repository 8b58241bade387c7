import { VERBS } from '@sallyport/gateway'
import { InvalidArgumentError, type Command } from 'commander'
import { openClient } from '../../control-client.ts'
import { defineCommand, type Act } from '../../define-command.ts'
import { given, parseCount, parseDuration } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'

interface OpenOptions {
  readonly matter: string
  readonly authority: string
  readonly reason: string
  readonly ground: '17(3)(b)' | '17(3)(e)'
  readonly review: number
  readonly person?: string
  readonly agent?: string
  readonly from?: number
  readonly to?: number
  readonly since?: number
  readonly until?: number
}

export const command = defineCommand({
  configure(command, act) {
    addOpen(command, act)
    command
      .command('approve <hold>')
      .description('approve a hold that somebody else opened')
      .requiredOption('--reason <text>', 'why')
      .action(
        act(VERBS['hold.approve'].output, async (context, id: string, { reason }: { reason: string }) => {
          const output = await openClient(context).call('hold.approve', { id, reason })
          return { output, text: `${output.id} is in force` }
        }),
      )
    command
      .command('review <hold>')
      .description('keep a hold in force and set the date of its next review')
      .requiredOption('--reason <text>', 'why')
      .option('--review <duration>', 'when it must be looked at again, at most 180d', parseDuration, parseDuration('90d'))
      .action(
        act(VERBS['hold.review'].output, async (context, id: string, options: { reason: string; review: number }) => {
          const reviewMs = Date.now() + options.review
          const output = await openClient(context).call('hold.review', { id, reviewMs, reason: options.reason })
          return { output, text: `${output.id}: next review ${time(output.reviewMs)}` }
        }),
      )
    command
      .command('list')
      .description('holds, with who opened, approved and released them')
      .action(
        act(VERBS['hold.list'].output, async (context) => {
          const output = await openClient(context).call('hold.list', {})
          const rows = output.holds.map((hold) => [
            hold.id,
            hold.phase,
            shown(hold.matter),
            hold.opened.by,
            hold.approved?.by ?? '',
            time(hold.reviewMs),
          ])
          return { output, text: table(['HOLD', 'PHASE', 'MATTER', 'OPENED', 'APPROVED', 'REVIEW'], rows) }
        }),
      )
    command
      .command('release <hold>')
      .description('release a hold; it ends when a second person says so too')
      .requiredOption('--reason <text>', 'why')
      .action(
        act(VERBS['hold.release'].output, async (context, id: string, { reason }: { reason: string }) => {
          const output = await openClient(context).call('hold.release', { id, reason })
          const text = output.phase === 'released' ? `${output.id} has ended` : `${output.id}: a second person must release it too`
          return { output, text }
        }),
      )
  },
})

function addOpen(command: Command, act: Act): void {
  command
    .command('open')
    .description('open a legal hold: nothing in its scope is pruned or erased; a second person must approve it')
    .requiredOption('--matter <text>', 'the matter it is for')
    .requiredOption('--authority <text>', 'who ordered it')
    .requiredOption('--reason <text>', 'why')
    .option('--ground <ground>', 'exception of GDPR Art. 17(3): b or e', parseGround, '17(3)(e)' as const)
    .option('--review <duration>', 'when it must be looked at again, at most 180d', parseDuration, parseDuration('90d'))
    .option('--person <id>', 'hold everything about this person; only pseudonyms are stored')
    .option('--agent <agent>', 'hold what this agent did')
    .option('--from <index>', 'from this entry on', parseCount)
    .option('--to <index>', 'up to this entry, exclusive', parseCount)
    .option('--since <time>', 'from this moment on, such as 2026-11-01', parseTime)
    .option('--until <time>', 'up to this moment, exclusive', parseTime)
    .action(
      act(VERBS['hold.open'].output, async (context, options: OpenOptions) => {
        const { matter, authority, reason, ground, review, person, agent, from, to, since, until } = options
        const scope = given({ agent, fromIndex: from, toIndex: to, fromMs: since, toMs: until })
        const input = { matter, authority, reason, ground, scope, reviewMs: Date.now() + review, ...given({ person }) }
        const output = await openClient(context).call('hold.open', input)
        return {
          output,
          text: `${output.id} is open; a second person approves it: sallyport hold approve ${output.id} --reason <why>`,
        }
      }),
    )
}

function parseGround(text: string): '17(3)(b)' | '17(3)(e)' {
  if (text !== 'b' && text !== 'e') throw new InvalidArgumentError('write b or e.')
  return `17(3)(${text})`
}

function parseTime(text: string): number {
  const ms = Date.parse(text)
  if (!Number.isInteger(ms) || ms < 0) throw new InvalidArgumentError('write a date such as 2026-11-01 or 2026-11-01T12:00:00Z.')
  return ms
}
