import type { JsonObject } from '@sallyport/core'
import { VERBS } from '@sallyport/gateway'
import { type Command, Option } from 'commander'
import type { z } from 'zod'
import { openClient } from '../../control-client.ts'
import { defineCommand, type Act } from '../../define-command.ts'
import { parseCount, parseObject } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'
import { requestLines, vigilanceLines } from './describe.ts'
import { addTestGate } from './test-gate.ts'

export const command = defineCommand({
  configure(command, act) {
    command
      .command('list')
      .description('acts that wait for people, the most urgent first')
      .option('--all', 'those that are over as well', false)
      .option('--limit <count>', 'most requests shown', parseCount, 100)
      .action(
        act(VERBS['approval.list'].output, async (context, { all, limit }: { all: boolean; limit: number }) => {
          const output = await openClient(context).call('approval.list', { all, limit })
          const rows = output.requests.map((one) => [
            one.id,
            one.state,
            one.agent,
            `${one.server}.${shown(one.name, 60)}`,
            `${one.scope}, ${one.tier}`,
            one.reasons.join(' '),
            `${one.votes.filter(({ verdict }) => verdict === 'approve').length} of ${one.people}`,
            time(one.expiresMs),
            one.whyNot === undefined ? 'you may decide' : '',
          ])
          return { output, text: table(['REQUEST', 'STATE', 'AGENT', 'ACT', 'EFFECT', 'WHY', 'APPROVED', 'UNTIL', ''], rows) }
        }),
      )
    command
      .command('show <request>')
      .description('exactly what one act would do, why it waits, and where its arguments come from')
      .action(
        act(VERBS['approval.show'].output, async (context, id: string) => {
          const output = await openClient(context).call('approval.show', { id })
          return { output, text: requestLines(output).join('\n') }
        }),
      )
    addDecision(command, act, 'approve')
    addDecision(command, act, 'reject')
    addBatch(command, act)
    addProposal(command, act)
    addTestGate(command, act)
    addAttention(command, act)
  },
})

function addDecision(command: Command, act: Act, verdict: 'approve' | 'reject'): void {
  command
    .command(`${verdict} <request>`)
    .description(verdict === 'approve' ? 'let exactly this act happen, once' : 'say no; the agent is told')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .requiredOption('--shown <hash>', 'the hash that "approvals show" printed: what you looked at')
    .action(
      act(
        VERBS['approval.decide'].output,
        async (context, id: string, { reason, shown: hash }: { reason: string; shown: string }) => {
          const output = await openClient(context).call('approval.decide', { id, verdict, reason, shown: hash })
          const { state, votes, people } = output.request
          if (output.test) return { output, text: testWords(output.test) }
          const open = state === 'pending' ? `: ${votes.length} of ${people} have approved` : ''
          return { output, text: `${id} is ${state}${open}` }
        },
      ),
    )
}

interface Batch {
  readonly verdict: 'approve' | 'reject'
  readonly reason: string
}

function addBatch(command: Command, act: Act): void {
  command
    .command('batch <request=shown...>')
    .description('decide on several, all of them or none; those approved together are calls of one tool')
    .addOption(
      new Option('--verdict <verdict>', 'what you say to all of them').choices(['approve', 'reject']).makeOptionMandatory(),
    )
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(
      act(VERBS['approval.batch'].output, async (context, pairs: string[], { verdict, reason }: Batch) => {
        const requests = pairs.map((pair) => {
          const [id = '', hash = ''] = pair.split('=', 2)
          return { id, shown: hash }
        })
        const output = await openClient(context).call('approval.batch', { requests, verdict, reason })
        const text = output.requests.map(({ request, test }) => (test ? testWords(test) : `${request.id} is ${request.state}`))
        return { output, text: text.join('\n') }
      }),
    )
}

function addProposal(command: Command, act: Act): void {
  command
    .command('propose <request>')
    .description('reject one act and tell its agent which arguments you would rather see')
    .requiredOption('--args <json>', 'all arguments, not only those that differ', parseObject)
    .requiredOption('--reason <text>', 'why; it is recorded')
    .requiredOption('--shown <hash>', 'the hash that "approvals show" printed: what you looked at')
    .action(
      act(
        VERBS['approval.propose'].output,
        async (context, id: string, { args, reason, shown: hash }: { args: JsonObject; reason: string; shown: string }) => {
          const output = await openClient(context).call('approval.propose', {
            id,
            args: args as Record<string, z.core.util.JSONType>,
            reason,
            shown: hash,
          })
          return { output, text: `${id} is rejected; its agent is told what you would rather see` }
        },
      ),
    )
}

function addAttention(command: Command, act: Act): void {
  command
    .command('vigilance')
    .description('how people decide: how fast, how often they say no, and whether they look')
    .option('--days <count>', 'requests of so many days', parseCount, 30)
    .action(
      act(VERBS['approval.vigilance'].output, async (context, { days }: { days: number }) => {
        const output = await openClient(context).call('approval.vigilance', { days })
        return { output, text: vigilanceLines(output).join('\n') }
      }),
    )
  command
    .command('seed <request>')
    .description('show people an act once more that was rejected, to see whether they look; approving it does nothing')
    .action(
      act(VERBS['approval.seed'].output, async (context, of: string) => {
        const output = await openClient(context).call('approval.seed', { of })
        return { output, text: `${output.id} waits like any other; no act will ever be it` }
      }),
    )
}

function testWords(test: 'noticed' | 'missed'): string {
  return test === 'noticed'
    ? 'this was a test of how carefully people look, and you noticed'
    : 'this was a test of how carefully people look: the act was rejected before, and you approved it; nothing happened'
}
