import { rmSync } from 'node:fs'
import { GatewayError } from '@sallyport/core'
import { newPrivateKeyPem, parsePrivateKey, rawPublicKey, ROLES, VERBS, writeSecret, type Role } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { collect } from '../../options.ts'
import { table, time } from '../../table.ts'

interface Options {
  readonly role?: string[]
  readonly attribute?: string[]
}

export const command = defineCommand({
  configure(command, act) {
    command
      .command('create <user>')
      .description('register a person; their private key is written to the users folder')
      .option('--role <role>', `one of ${ROLES.join(', ')}; repeat for more`, collect)
      .option('--attribute <name=value>', 'verified attribute, usable as $user.<name> in manifests; repeat for more', collect)
      .action(
        act(VERBS['user.create'].output, async (context, user: string, options: Options) => {
          const client = openClient(context)
          const roles = (options.role ?? []).map(requireRole)
          const attributes = Object.fromEntries((options.attribute ?? []).map(parseAttribute))
          if (!/^[a-z0-9-]{1,64}$/.test(user)) throw new GatewayError('REQUEST_PARAMS', 'user: must be a–z, 0–9 and "-"')
          const file = client.home.userKeyFile(user)
          const pem = newPrivateKeyPem()
          writeSecret(file, pem)
          try {
            const publicKey = Buffer.from(rawPublicKey(parsePrivateKey(pem, file))).toString('base64')
            const output = await client.call('user.create', { user, roles, attributes, publicKey })
            return { output, text: `${output.user}: ${output.roles.join(', ') || 'no role'}\nprivate key: ${file}` }
          } catch (error) {
            rmSync(file)
            throw error
          }
        }),
      )
    command
      .command('list')
      .description('people and their roles')
      .action(
        act(VERBS['user.list'].output, async (context) => {
          const output = await openClient(context).call('user.list', {})
          const rows = output.users.map((user) => [
            user.id,
            user.roles.join(', '),
            Object.entries(user.attributes)
              .map(([name, value]) => `${name}=${value}`)
              .join(', '),
            time(user.createdMs),
          ])
          return { output, text: table(['USER', 'ROLES', 'ATTRIBUTES', 'SINCE'], rows) }
        }),
      )
  },
})

function requireRole(text: string): Role {
  const role = ROLES.find((one) => one === text)
  if (role === undefined) throw new GatewayError('REQUEST_PARAMS', `role: must be one of ${ROLES.join(', ')}`)
  return role
}

function parseAttribute(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new GatewayError('REQUEST_PARAMS', 'attribute: write name=value')
  return [text.slice(0, at), text.slice(at + 1)]
}
