import { readFileSync } from 'node:fs'
import { compileManifest, GatewayError, isGatewayError, type Json } from '@sallyport/core'
import { compileSchema, hosts, parseManifest, signableBytes, signEd25519, VERBS, type Role } from '@sallyport/gateway'
import { stringify } from 'yaml'
import { z } from 'zod'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { given, parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'
import { time } from '../../table.ts'
import { reachText } from './reach.ts'
import { addReplayCommand } from './replay.ts'
import { unusedGrants, type UnusedOptions } from './unused.ts'

const Checked = z.strictObject({
  ok: z.boolean(),
  problem: z.string().optional(),
  hash: z.string().optional(),
  proposed: z.array(z.string()).meta({ description: 'What would await signatures, were nothing signed before.' }),
})

export const command = defineCommand({
  configure(command, act) {
    command
      .command('check <file>')
      .description('check a manifest file; needs no home folder')
      .action(act(Checked, (_, file: string) => check(file)))
    command
      .command('show <agent>')
      .description('the manifest in force: version, signatures, what awaits them')
      .option('--at <version>', 'an older version', parseCount)
      .action(
        act(VERBS['manifest.show'].output, async (context, agent: string, options: { at?: number }) => {
          const output = await openClient(context).call('manifest.show', { agent, ...given({ version: options.at }) })
          return { output, text: showText(output) }
        }),
      )
    command
      .command('diff <agent>')
      .description('what the newest version changes against the last signed one')
      .option('--from <version>', 'compare from this version', parseCount)
      .option('--to <version>', 'compare to this version', parseCount)
      .action(
        act(VERBS['manifest.diff'].output, async (context, agent: string, options: { from?: number; to?: number }) => {
          const output = await openClient(context).call('manifest.diff', {
            agent,
            ...given({ from: options.from, to: options.to }),
          })
          const head = `${agent}: ${output.from === undefined ? 'nothing' : `v${output.from}`} → v${output.to} ${output.hash}`
          return { output, text: [head, ...changeLines(output.changes), ...proposals(output.proposed)].join('\n') }
        }),
      )
    command
      .command('reach <agent>')
      .description('everything the agent can reach, with every bound: its blast radius')
      .action(
        act(VERBS['manifest.reach'].output, async (context, agent: string) => {
          const output = await openClient(context).call('manifest.reach', { agent })
          return { output, text: reachText(output) }
        }),
      )
    addReplayCommand(command, act)
    command
      .command('unused <agent>')
      .description('grants the agent did not use, and the manifest without them')
      .option('--days <count>', 'not used for this many days (30)', parseCount)
      .option('--write', 'replace the manifest file; removing grants needs no signature')
      .action(
        act(VERBS['manifest.unused'].output, (context, agent: string, options: UnusedOptions) =>
          unusedGrants(context, openClient(context), { agent, options }),
        ),
      )
    command
      .command('sign <agent>')
      .description('sign the newest version in one of your roles')
      .requiredOption('--role <role>', 'the role you sign in')
      .requiredOption('--reason <text>', 'why; part of the record')
      .option('--hash <hash>', 'the version you looked at; refused when it is not the newest')
      .action(
        act(VERBS['manifest.sign'].output, (context, agent: string, options: { role: string; reason: string; hash?: string }) =>
          sign(openClient(context), agent, options),
        ),
      )
  },
})

function showText(output: z.output<(typeof VERBS)['manifest.show']['output']>): string {
  const head = [
    `${output.agent} v${output.version} ${output.hash}`,
    output.signed ? 'signed' : `needs ${output.required.join(' + ')}`,
    ...output.signatures.map((one) => `  ${one.role}: ${one.user}, ${time(one.atMs)}: ${shown(one.reason)}`),
    ...proposals(output.proposed),
    ...(output.problem === undefined ? [] : [`not in force: ${shown(output.problem)}`]),
  ]
  const lines = stringify(output.manifest).split('\n')
  return [...head, '', ...lines.map((line) => shown(line))].join('\n')
}

function check(file: string) {
  try {
    const { manifest, hash } = parseManifest(readText(file), file)
    const compiled = compileManifest({ manifest, hash, version: 1, signed: false }, { compileSchema, hosts })
    const proposed = compiled.proposed.map((proposal) => proposal.path)
    const count = proposed.length === 0 ? 'only reads' : `${proposed.length} to sign`
    return {
      output: { ok: true, hash, proposed },
      text: [`ok  ${file}  ${hash}  ${count}`, ...proposed.map((path) => `  ${path}`)].join('\n'),
    }
  } catch (error) {
    if (!isGatewayError(error) || error.code !== 'CONFIG_INVALID') throw error
    return {
      output: { ok: false, problem: error.message, proposed: [] },
      text: `not valid  ${shown(error.message)}`,
      exit: 'refused' as const,
    }
  }
}

async function sign(
  client: ReturnType<typeof openClient>,
  agent: string,
  options: { readonly role: string; readonly reason: string; readonly hash?: string },
) {
  const { to: version, hash } = await client.call('manifest.diff', { agent })
  if (options.hash !== undefined && options.hash !== hash)
    throw new GatewayError('CONFLICT', 'the newest version is not the one you looked at; see "manifest diff"')
  const signable = { agent, version, hash, role: options.role as Role, reason: options.reason }
  const signature = Buffer.from(signEd25519(signableBytes({ ...signable, user: client.user }), client.key)).toString('base64')
  const output = await client.call('manifest.sign', { ...signable, signature })
  const rest = output.missing.length === 0 ? 'fully signed: in force' : `still needed: ${output.missing.join(', ')}`
  return { output, text: `signed ${agent} v${version} ${hash} as ${options.role}\n${rest}` }
}

function changeLines(
  changes: readonly { readonly path: string; readonly before?: Json | undefined; readonly after?: Json | undefined }[],
): string[] {
  return changes.map(({ path, before, after }) => {
    const sign = before === undefined ? '+' : after === undefined ? '-' : '~'
    const text =
      before === undefined || after === undefined
        ? JSON.stringify(before ?? after)
        : `${JSON.stringify(before)} → ${JSON.stringify(after)}`
    return `${sign} ${shown(path)}: ${shown(text)}`
  })
}

function proposals(proposed: readonly { readonly path: string }[]): string[] {
  return proposed.map((proposal) => `  proposed: ${shown(proposal.path)}`)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${file}: cannot be read`, { cause })
  }
}
