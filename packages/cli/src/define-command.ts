import type { Command } from 'commander'
import type { z } from 'zod'
import type { ExitName } from './exit-codes.ts'

/** What every command knows before it starts. */
export interface Context {
  readonly homeDir: string
  /** `--as` or `$SALLYPORT_USER`. */
  readonly user: string | undefined
  readonly json: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Writes to standard output at once, for commands that run on. Nothing unsafe reaches the terminal. */
  readonly write: (text: string) => void
}

/** What a command did: one value for `--json`, and the same in words. */
export interface Result<T> {
  readonly output: T
  readonly text: string
  readonly exit?: ExitName
  /** The command printed it already, because it ran on afterwards. */
  readonly isPrinted?: boolean
}

/** Gives an action its common behaviour: `--json`, `--schema`, errors, exit code. */
export type Act = <S extends z.ZodType, A extends readonly unknown[]>(
  output: S,
  run: (context: Context, ...args: A) => Promise<Result<z.input<S>>> | Result<z.input<S>>,
) => (...args: unknown[]) => Promise<void>

export interface CliCommand {
  /** Adds arguments, options and subcommands. */
  configure(command: Command, act: Act): void
}

/** One folder under `commands/` exports one of these as `command`. */
export function defineCommand(command: CliCommand): CliCommand {
  return command
}
