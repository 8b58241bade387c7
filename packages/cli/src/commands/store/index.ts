import { lstatSync, readFileSync } from 'node:fs'
import { GatewayError } from '@sallyport/core'
import { DatabaseStatus, inspectDatabase, migrateDatabase } from '@sallyport/gateway'
import { z } from 'zod'
import { defineCommand } from '../../define-command.ts'

const URL_BYTES_MAX = 10_000

const Migrated = z.strictObject({ taken: z.array(z.string()).meta({ description: 'Steps taken, oldest first.' }) })

export const command = defineCommand({
  configure(command, act) {
    command
      .command('migrate')
      .description('bring a PostgreSQL database to the schema of this version; run it as the owner, before the gateways')
      .requiredOption('--url-file <file>', 'file with the URL of the owner’s login; never an argument, where others could read it')
      .action(
        act(Migrated, async (_, { urlFile }: { urlFile: string }) => {
          const taken = await migrateDatabase(readUrl(urlFile))
          return { output: { taken }, text: taken.length === 0 ? 'nothing to do' : `migrated: ${taken.join(', ')}` }
        }),
      )
    command
      .command('status')
      .description('schema, gateways and leases of a PostgreSQL database')
      .requiredOption('--url-file <file>', 'file with the URL of a gateway’s login')
      .action(
        act(DatabaseStatus, async (_, { urlFile }: { urlFile: string }) => {
          const output = await inspectDatabase(readUrl(urlFile))
          return { output, text: describe(output) }
        }),
      )
  },
})

function describe({ schema, wanted, revision, replicas, leases }: DatabaseStatus): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
  const toDo = schema === wanted ? '' : `; this version needs ${wanted}`
  return [
    `schema    ${schema}${toDo}`,
    `revision  ${revision}`,
    ...replicas.map(({ id, state, silentMs }) => `gateway   ${id}  ${state}, heard ${seconds(silentMs)} ago`),
    ...leases.map(({ name, holder, leftMs }) => `lease     ${name}  held by ${holder} for ${seconds(leftMs)} more`),
  ].join('\n')
}

function readUrl(file: string): string {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (stat === undefined) throw new GatewayError('CONFIG_INVALID', `${file}: no such file`)
  const text = readFileSync(file, 'utf8').trim()
  if (text.length > URL_BYTES_MAX || !/^postgres(?:ql)?:\/\//.test(text))
    throw new GatewayError('CONFIG_INVALID', `${file}: must hold postgres://user:password@host/database`)
  return text
}
