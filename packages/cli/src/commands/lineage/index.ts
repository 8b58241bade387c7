import { CHAIN_LINKS, type Chain, chainOf, type Entry, GatewayError } from '@sallyport/core'
import { VERBS } from '@sallyport/gateway'
import { z } from 'zod'
import { type ControlClient, openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { parseCount } from '../../options.ts'
import { chainLines, fieldLines, flowChart, flowLines, lineageLines } from './describe.ts'

const ChainOutput = z.strictObject({
  entry: z.int(),
  ok: z.boolean(),
  links: z.array(z.strictObject({ link: z.enum(CHAIN_LINKS), isChecked: z.boolean(), says: z.string() })).readonly(),
})

export const command = defineCommand({
  configure(command, act) {
    for (const [name, direction, description] of [
      ['back', 'back', 'where an act came from: the acts that brought its values, and the model call that asked for it'],
      ['forward', 'forward', 'what came of an act: every act, answer and recipient that followed from what it brought'],
    ] as const) {
      command
        .command(name)
        .argument('<entry>', 'index of the act’s decision or outcome', parseCount)
        .description(description)
        .action(
          act(VERBS['audit.lineage'].output, async (context, index: number) => {
            const output = await openClient(context).call('audit.lineage', { index, direction })
            return { output, text: lineageLines(output, direction).join('\n') }
          }),
        )
    }
    command
      .command('chain')
      .argument('<entry>', 'index of the act’s decision or outcome', parseCount)
      .description(
        'whether every link of an act was checked: identity, permission, data, action, reasoning; fails when one was not',
      )
      .action(
        act(ChainOutput, async (context, index: number) => {
          const chain = await readChain(openClient(context), index)
          const links = chainOf(chain)
          const ok = links.every(({ isChecked }) => isChecked)
          const output = { entry: chain.decision.index, ok, links }
          return { output, text: chainLines(output).join('\n'), exit: ok ? 'ok' : 'refused' }
        }),
      )
    command
      .command('fields')
      .argument('<agent>', 'whose results')
      .description('fields of results that the agent never uses, and the grants without them')
      .option('--days <days>', 'how far back (default: 30)', parseCount)
      .action(
        act(VERBS['audit.fields'].output, async (context, agent: string, options: { days?: number }) => {
          const days = options.days === undefined ? {} : { days: options.days }
          const output = await openClient(context).call('audit.fields', { agent, ...days })
          return { output, text: fieldLines(output).join('\n') }
        }),
      )
    command
      .command('flows')
      .argument('<agent>', 'whose data flows')
      .description('where an agent’s data goes: ways that were observed, undeclared ones marked, and declared ones never seen')
      .option('--days <days>', 'how far back (default: 30)', parseCount)
      .option('--mermaid', 'as a Mermaid flowchart')
      .action(
        act(VERBS['audit.flows'].output, async (context, agent: string, options: { days?: number; mermaid?: boolean }) => {
          const days = options.days === undefined ? {} : { days: options.days }
          const output = await openClient(context).call('audit.flows', { agent, ...days })
          return { output, text: options.mermaid ? flowChart(output) : flowLines(output).join('\n') }
        }),
      )
  },
})

/** An act and the model call that asked for it, as the log has them. */
async function readChain(client: ControlClient, index: number): Promise<Chain> {
  const { decision, end } = await readAct(client, index)
  const from = decision.flow?.asked
  const asked = from === undefined ? undefined : await readAct(client, from)
  const outcome = asked?.end?.type === 'outcome' ? asked.end : undefined
  return { decision, end, ...(asked && { asked: { decision: asked.decision, outcome } }) }
}

async function readAct(client: ControlClient, index: number): Promise<Pick<Chain, 'decision' | 'end'>> {
  const { entry, related } = await client.call('audit.read', { index })
  const all: readonly Entry[] = [entry, ...related]
  const decision = all.find((one) => one.type === 'decision')
  if (!decision) throw new GatewayError('NOT_FOUND', 'no act has this entry; give that of its decision or its outcome')
  return { decision, end: all.find(({ type }) => type === 'outcome' || type === 'unknown') }
}
