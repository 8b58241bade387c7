import { rmSync } from 'node:fs'
import { GatewayError } from '@sallyport/core'
import {
  loadConfig,
  newPrivateKeyPem,
  parsePrivateKey,
  rawPublicKey,
  ROLES,
  VERBS,
  writeSecret,
  type Role,
} from '@sallyport/gateway'
import type { Command } from 'commander'
import { z } from 'zod'
import { openClient } from '../../control-client.ts'
import { type Act, defineCommand } from '../../define-command.ts'
import { enrolUrl } from '../../enrol-url.ts'
import { collect } from '../../options.ts'
import { table, time } from '../../table.ts'

interface Options {
  readonly role?: string[]
  readonly attribute?: string[]
  /** commander's name of `--no-key`. */
  readonly key?: boolean
}

interface Update {
  readonly role?: string[]
  readonly disable?: boolean
  readonly enable?: boolean
  readonly reason: string
}

const Link = z.strictObject({
  user: z.string(),
  url: z.string().meta({ description: 'Secret: whoever opens it first is the person.' }),
  expiresMs: z.int(),
})

export const command = defineCommand({
  configure(command, act) {
    command
      .command('create <user>')
      .description('register a person; their private key for the command line is written to the users folder')
      .option('--role <role>', `one of ${ROLES.join(', ')}; repeat for more`, collect)
      .option('--attribute <name=value>', 'verified attribute, usable as $user.<name> in manifests; repeat for more', collect)
      .option('--no-key', 'no key: they sign in with a browser alone; give them a link with "user link"')
      .action(
        act(VERBS['user.create'].output, async (context, user: string, options: Options) => {
          const client = openClient(context)
          const roles = (options.role ?? []).map(requireRole)
          const attributes = Object.fromEntries((options.attribute ?? []).map(parseAttribute))
          if (options.key === false) {
            const output = await client.call('user.create', { user, roles, attributes })
            return { output, text: `${output.user}: ${output.roles.join(', ') || 'no role'}` }
          }
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
            user.disabledMs === undefined ? '' : `disabled ${time(user.disabledMs)}`,
          ])
          return { output, text: table(['USER', 'ROLES', 'ATTRIBUTES', 'SINCE', ''], rows) }
        }),
      )
    addLinkCommand(command, act)
    addUpdateCommand(command, act)
  },
})

function addLinkCommand(command: Command, act: Act): void {
  command
    .command('link <user>')
    .description('make a link with which they enrol once: a passkey, or their account at a provider')
    .action(
      act(Link, async (context, user: string) => {
        const client = openClient(context)
        const { token, ...output } = await client.call('user.link', { user })
        const url = enrolUrl(loadConfig(client.home.configFile).config.console, token)
        return { output: { ...output, url }, text: `${url}\nworks once, until ${time(output.expiresMs)}; give it to ${user} alone` }
      }),
    )
}

function addUpdateCommand(command: Command, act: Act): void {
  command
    .command('update <user>')
    .description('change what a person may do, or disable them: their sessions end, their keys open nothing')
    .option('--role <role>', 'all their roles from now on; repeat for more', collect)
    .option('--disable', 'nothing of theirs opens anything')
    .option('--enable', 'undo it')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(
      act(VERBS['user.update'].output, async (context, user: string, options: Update) => {
        if (options.disable && options.enable) throw new GatewayError('REQUEST_PARAMS', 'say --disable or --enable, not both')
        const disabled = options.disable ? true : options.enable ? false : undefined
        const output = await openClient(context).call('user.update', {
          user,
          reason: options.reason,
          ...(options.role && { roles: options.role.map(requireRole) }),
          ...(disabled !== undefined && { disabled }),
        })
        const standing = output.disabled ? 'disabled' : output.roles.join(', ') || 'no role'
        return { output, text: `${output.user}: ${standing}` }
      }),
    )
}

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
