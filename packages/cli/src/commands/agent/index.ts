import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { given, parseDuration } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'

interface KeyOptions {
  readonly task?: string
  readonly ttl?: number
  readonly overlap?: number
}

export const command = defineCommand({
  configure(command, act) {
    command
      .command('create <agent>')
      .description('register an agent and print its first key, once')
      .option('--task <task>', 'the only task type the key may be used for; without it the key can only be exchanged')
      .option('--ttl <duration>', 'life of the key, such as 90d', parseDuration)
      .action(
        act(VERBS['agent.create'].output, async (context, agent: string, options: KeyOptions) => {
          const output = await openClient(context).call('agent.create', {
            agent,
            ...given({ task: options.task, ttlMs: options.ttl }),
          })
          return { output, text: `${output.key.secret}\n\nThis key is shown once. ${about(output.key)}` }
        }),
      )
    command
      .command('rotate <agent>')
      .description('issue another key for a task; older ones for it end after the overlap')
      .option('--task <task>', 'task type of the key; without it the key can only be exchanged')
      .option('--ttl <duration>', 'life of the new key', parseDuration)
      .option('--overlap <duration>', 'how long older keys still work (1d)', parseDuration)
      .action(
        act(VERBS['agent.rotate'].output, async (context, agent: string, options: KeyOptions) => {
          const limits = given({ task: options.task, ttlMs: options.ttl, overlapMs: options.overlap })
          const output = await openClient(context).call('agent.rotate', { agent, ...limits })
          const old = output.replaced.map((key) => `${key.id} ends ${time(key.expiresMs)}`).join('\n')
          return {
            output,
            text: `${output.key.secret}\n\nThis key is shown once. ${about(output.key)}${old === '' ? '' : `\n${old}`}`,
          }
        }),
      )
    command
      .command('revoke <agent> [key]')
      .description('revoke one key, or without a key everything the agent has, from the next call on')
      .action(
        act(VERBS['agent.revoke'].output, async (context, agent: string, key: string | undefined) => {
          const output = await openClient(context).call('agent.revoke', { agent, ...given({ key }) })
          return { output, text: `revoked: ${output.revoked.join(', ') || 'sessions and outside tokens'}` }
        }),
      )
    command
      .command('list')
      .description('agents, their keys and manifests')
      .action(
        act(VERBS['agent.list'].output, async (context) => {
          const output = await openClient(context).call('agent.list', {})
          const rows = output.agents.flatMap((agent) => {
            const standing = agent.isolated === undefined ? 'active' : `isolated: ${shown(agent.isolated.reason, 60)}`
            const manifest =
              agent.manifest === undefined
                ? 'none'
                : `v${agent.manifest.version} ${agent.manifest.signed ? 'signed' : `${agent.manifest.proposed} proposed`}`
            const keys = agent.keys.length === 0 ? [undefined] : agent.keys
            return keys.map((key, i) => [
              i === 0 ? agent.id : '',
              i === 0 ? standing : '',
              i === 0 ? manifest : '',
              key?.id,
              key?.task ?? (key && 'exchange only'),
              key?.state,
              time(key?.expiresMs),
            ])
          })
          return { output, text: table(['AGENT', 'STATE', 'MANIFEST', 'KEY', 'TASK', 'KEY STATE', 'EXPIRES'], rows) }
        }),
      )
  },
})

function about(key: { readonly id: string; readonly task?: string | undefined; readonly expiresMs?: number | undefined }): string {
  const use = key.task === undefined ? 'may only be exchanged for session tokens' : `works for task ${key.task}`
  return `${key.id} ${use}${key.expiresMs === undefined ? '' : `, until ${time(key.expiresMs)}`}.`
}
