import { existsSync } from 'node:fs'
import { formatNoteKey, GatewayError } from '@sallyport/core'
import { auditKeyOf, consoleOrigin, loadConfig, openHome, startGateway, type ConsoleConfig, type Home } from '@sallyport/gateway'
import { z } from 'zod'
import { callAnywhere, keysIn, openClient } from '../../control-client.ts'
import { defineCommand, type Context } from '../../define-command.ts'
import { ended } from '../../ended.ts'
import { enrolUrl } from '../../enrol-url.ts'
import { createExample, EXAMPLE_AGENT, EXAMPLE_COMPANY, hasExample, startExampleServers } from '../../example/index.ts'
import { createFirstOwner } from '../../first-owner.ts'
import { seedCompany } from '../../seed-company.ts'
import { startConsole } from './start-console.ts'
import { welcome } from './welcome.ts'

const Up = z.strictObject({
  url: z.string(),
  home: z.string(),
  firstRun: z.boolean(),
  agents: z.array(z.strictObject({ agent: z.string(), mcp: z.string() })),
  keys: z.record(z.string(), z.string()).meta({ description: 'Secrets of the example agent by task type; only on the first run.' }),
  logKey: z.string(),
  console: z
    .strictObject({
      url: z.string(),
      problem: z.string().optional().meta({ description: 'Why it does not run; the gateway runs without it.' }),
      link: z
        .string()
        .optional()
        .meta({ description: 'Secret: with it the first owner enrols, once. Only where nobody can sign in yet.' }),
    })
    .optional(),
})
export type Up = z.infer<typeof Up>

export const command = defineCommand({
  configure(command, act) {
    command
      .option('--owner <user>', 'on the first run with your own configuration: name of the first user (else $USER)')
      .action(act(Up, (context, options: { owner?: string }) => up(context, options.owner)))
  },
})

/** Starts everything, says what to do next, and runs until it is told to end. */
async function up(context: Context, owner: string | undefined) {
  const closing: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    // One at a time, so that after a failure the rest can still be ended.
    for (let end = closing.pop(); end; end = closing.pop()) await end()
  }
  try {
    const home = openHome(context.homeDir, { create: true })
    const isNew = !existsSync(home.configFile)
    if (isNew) await createExample(home.dir)
    if (hasExample(home.dir)) {
      const servers = await startExampleServers(home.dir)
      closing.push(() => servers.close())
    }
    const givenUp = Promise.withResolvers<'given up'>()
    const gateway = await startGateway({ homeDir: home.dir, onGivenUp: () => givenUp.resolve('given up') })
    closing.push(() => gateway.close())
    const keys = isNew
      ? await seedCompany(EXAMPLE_COMPANY, { home, call: (request) => callAnywhere(home, () => request), nowMs: Date.now })
      : {}
    const first = isNew
      ? undefined
      : await createFirstOwner(home, owner ?? context.env['USER'], (request) => callAnywhere(home, () => request))
    // A secret is for whoever sits there: the output of a service lies in somebody's log.
    const isSeen = isNew || context.json || process.stdout.isTTY
    const people = await openConsole(context, home, isSeen)
    if (people) closing.push(() => people.close())
    const report = describe(home, { url: gateway.url, firstRun: isNew, keys, ...(people && { console: people.report }) })
    if (context.json) context.write(JSON.stringify(report))
    else context.write(welcome(report, { agent: EXAMPLE_AGENT, ...(first === undefined ? {} : { firstOwner: first }) }))
    const end = await Promise.race([ended(), givenUp.promise])
    await close()
    // Whoever watches this process starts it again.
    if (end === 'given up') throw new GatewayError('STORE_STALE', 'the other gateways gave this one up; start it again')
    return { output: report, text: '', isPrinted: true }
  } catch (error) {
    await close()
    throw error
  }
}

/** Starts the console where there is one, and makes the first link where nobody can sign in yet. */
async function openConsole(
  context: Context,
  home: Home,
  isSeen: boolean,
): Promise<{ readonly report: NonNullable<Up['console']>; close(): Promise<void> } | undefined> {
  const { config } = loadConfig(home.configFile, context.env)
  if (!config.console) return undefined
  const { problem, close } = await startConsole(home.dir)
  const url = consoleOrigin(config.console).origin
  if (problem !== undefined) return { report: { url, problem }, close }
  const link = isSeen ? await firstLink(context, home, config.console) : undefined
  return { report: { url, ...(link !== undefined && { link }) }, close }
}

/** A link for an owner whose key is here, as long as no owner has a passkey. */
async function firstLink(context: Context, home: Home, config: ConsoleConfig): Promise<string | undefined> {
  for (const user of keysIn(home)) {
    const client = openClient({ ...context, user })
    const { users } = await client.call('user.list', {}).catch(() => ({ users: [] }))
    const owners = users.filter(({ roles, disabledMs }) => roles.includes('owner') && disabledMs === undefined)
    if (!owners.some(({ id }) => id === user)) continue
    for (const { id } of owners) {
      const { passkeys } = await client.call('passkey.list', { user: id })
      if (passkeys.length > 0) return undefined
    }
    return enrolUrl(config, (await client.call('user.link', { user })).token)
  }
  return undefined
}

function describe(home: Home, run: Pick<Up, 'url' | 'firstRun' | 'keys' | 'console'>): Up {
  const agents = hasExample(home.dir) ? [{ agent: EXAMPLE_AGENT, mcp: `${run.url}/a/${EXAMPLE_AGENT}/mcp` }] : []
  return { ...run, keys: { ...run.keys }, home: home.dir, agents, logKey: formatNoteKey(auditKeyOf(home)) }
}
