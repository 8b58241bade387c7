import { GatewayError, SCOPES, type Scope } from '@sallyport/core'
import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { parseToolName } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table } from '../../table.ts'

type Name = ReturnType<typeof parseToolName>

export const command = defineCommand({
  configure(command, act) {
    command
      .command('list')
      .description('what every server offers, and what of it was reviewed')
      .action(
        act(VERBS['tools.list'].output, async (context) => {
          const output = await openClient(context).call('tools.list', {})
          const rows = output.tools.map((tool) => [
            `${tool.server}.${tool.tool}`,
            tool.state,
            tool.effect,
            tool.reviewedBy,
            tool.hash.slice(0, 12),
            shown([...new Set(tool.warnings.map(({ code }) => code))].join(' ')),
          ])
          const problems = output.problems.map(({ server, problem }) => `\n${server}: ${shown(problem)}`)
          return {
            output,
            text: `${table(['TOOL', 'STATE', 'EFFECT', 'REVIEWED BY', 'HASH', 'WARNINGS'], rows)}${problems.join('')}`,
          }
        }),
      )
    command
      .command('diff')
      .argument('<server.tool>', 'the tool', parseToolName)
      .description('what changed in a definition since its review')
      .action(
        act(VERBS['tools.diff'].output, async (context, name: Name) => {
          const output = await openClient(context).call('tools.diff', name)
          return {
            output,
            text: [
              `${name.server}.${shown(name.tool)}: ${output.state}  ${output.hash}`,
              ...(output.detail === undefined ? [] : [shown(output.detail)]),
              ...output.warnings.map(({ code, severity, path }) => `! ${severity} ${code} at ${shown(path)}`),
              ...lines(output.changes),
            ].join('\n'),
          }
        }),
      )
    command
      .command('approve')
      .argument('<server.tool>', 'the tool', parseToolName)
      .description('review the definition offered now and say what the tool does')
      .requiredOption('--effect <effect>', `what it does: ${SCOPES.join(', ')}`)
      .option('--hash <hash>', 'the definition you looked at; refused when another is offered')
      .option('--despite-warnings', 'approve although "tools diff" warns about it')
      .action(
        act(
          VERBS['tools.approve'].output,
          async (context, name: Name, options: { effect: string; hash?: string; despiteWarnings?: boolean }) => {
            const client = openClient(context)
            const effect = requireEffect(options.effect)
            const hash = options.hash ?? (await client.call('tools.diff', name)).hash
            const output = await client.call('tools.approve', {
              ...name,
              hash,
              effect,
              despiteWarnings: options.despiteWarnings === true,
            })
            return { output, text: `approved ${output.server}.${shown(output.tool)} as ${output.effect}  ${output.hash}` }
          },
        ),
      )
  },
})

function lines(changes: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[]): string[] {
  return changes.flatMap(({ path, before, after }) => [
    ...(before === undefined ? [] : [`- ${shown(path)}: ${shown(JSON.stringify(before))}`]),
    ...(after === undefined ? [] : [`+ ${shown(path)}: ${shown(JSON.stringify(after))}`]),
  ])
}

function requireEffect(text: string): Scope {
  const effect = SCOPES.find((scope) => scope === text)
  if (effect === undefined) throw new GatewayError('REQUEST_PARAMS', `effect: must be one of ${SCOPES.join(', ')}`)
  return effect
}
