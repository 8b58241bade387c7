import { isGatewayError } from '@sallyport/core'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { COMMANDS } from './command-list.ts'
import type { Act, Context, Result } from './define-command.ts'
import { EXIT_CODES, exitOf, todoOf, type ExitName } from './exit-codes.ts'
import { homePath } from './home-path.ts'
import { safeJson, safeLines } from './shown.ts'

/** Where a run writes, and what it reads from its surroundings. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly version: string
}

interface GlobalOptions {
  readonly home?: string
  readonly as?: string
  readonly json?: boolean
  readonly schema?: boolean
}

/** Runs one command line; returns the exit code. */
export async function runCli(args: readonly string[], around: Surroundings): Promise<number> {
  let exit: ExitName = 'ok'
  const program = baseProgram(around)
  const act: Act =
    (output, run) =>
    async (...given) => {
      const options = (given.at(-1) as Command).optsWithGlobals<GlobalOptions>()
      if (options.schema === true)
        return around.out(`${safeJson(z.toJSONSchema(output, { io: 'input', unrepresentable: 'any' }))}\n`)
      exit = await perform(options, around, (context) => run(context, ...(given.slice(0, -1) as never)))
    }
  const wanted = args.find((word) => COMMANDS.some((command) => command.name === word))
  for (const { name, summary, load } of COMMANDS) {
    const command = withCommonOptions(program.command(name).description(summary))
    // Only the command that is called is loaded, so that help and errors come at once.
    if (name === wanted) (await load()).command.configure(command, act)
  }
  for (const command of program.commands) harden(command, around)
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code
  }
  return EXIT_CODES[exit].code
}

function baseProgram(around: Surroundings): Command {
  const program = new Command('sallyport')
    .description('The only door between an AI agent and the world.')
    .version(around.version)
    .helpCommand(false)
    .addHelpText('after', exitHelp())
  return harden(withCommonOptions(program), around)
}

/** What every command takes. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('--home <folder>', 'home folder (else $SALLYPORT_HOME, else ~/.sallyport)')
    .option('--as <user>', 'local user who asks (else $SALLYPORT_USER, else the only one with a key here)')
    .option('--json', 'print one JSON object')
    .option('--schema', 'print the JSON Schema of what --json prints, and do nothing')
}

/** No exit from inside, our streams, and the same common options below every command. */
function harden(command: Command, around: Surroundings): Command {
  command.exitOverride().configureOutput({ writeOut: around.out, writeErr: (text) => around.err(safeLines(text)) })
  command.showHelpAfterError('(add --help for what there is)')
  for (const child of command.commands)
    harden(child.options.some((option) => option.long === '--json') ? child : withCommonOptions(child), around)
  return command
}

async function perform(
  options: GlobalOptions,
  around: Surroundings,
  run: (context: Context) => Promise<Result<unknown>> | Result<unknown>,
): Promise<ExitName> {
  const json = options.json === true
  const write = (text: string): void => around.out(`${safeLines(text)}\n`)
  const user = options.as ?? around.env['SALLYPORT_USER']
  try {
    const context = {
      homeDir: homePath(options.home, around.env),
      user: user === '' ? undefined : user,
      json,
      env: around.env,
      write,
    }
    const result = await run(context)
    if (result.isPrinted === true) return result.exit ?? 'ok'
    if (json) around.out(`${safeJson(result.output)}\n`)
    else if (result.text !== '') write(result.text)
    return result.exit ?? 'ok'
  } catch (error) {
    return report(error, json, around)
  }
}

/** `error CODE: what and where`, then what to do. With `--json`: the same as one object on standard output. */
function report(error: unknown, json: boolean, around: Surroundings): ExitName {
  const known = isGatewayError(error) ? error : undefined
  const code = known?.code ?? 'INTERNAL'
  const message = known?.message ?? (error instanceof Error ? error.message : 'unknown')
  const todo = todoOf(code)
  if (json) around.out(`${safeJson({ error: { code, message, ...(todo === undefined ? {} : { todo }) } })}\n`)
  else around.err(`${safeLines(`error ${code}: ${message}${todo === undefined ? '' : `\n  ${todo}`}`)}\n`)
  if (known === undefined && error instanceof Error) around.err(`${safeLines(error.stack ?? '')}\n`)
  return exitOf(code)
}

function exitHelp(): string {
  const rows = Object.values(EXIT_CODES).map(({ code, means }) => `  ${String(code).padEnd(3)} ${means}`)
  return `\nExit codes:\n${rows.join('\n')}`
}
