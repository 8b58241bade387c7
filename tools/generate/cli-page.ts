import { Command } from 'commander'
import { COMMANDS } from '../../packages/cli/src/command-list.ts'
import type { Act } from '../../packages/cli/src/define-command.ts'
import { EXIT_CODES } from '../../packages/cli/src/exit-codes.ts'
import { withCommonOptions } from '../../packages/cli/src/run-cli.ts'

/** Nothing is run here: only names, arguments and options are read. */
const never: Act = () => () => Promise.reject(new Error('only described, not run'))

/** Every command with its arguments and options, then the exit codes. */
export async function cliPage(): Promise<string> {
  const sections: string[] = []
  for (const { name, summary, load } of COMMANDS) {
    const command = new Command(name).description(summary)
    const loaded = await load()
    loaded.command.configure(command, never)
    sections.push(`## sallyport ${name}`, sentence(summary), ...describe(command, `sallyport ${name}`))
  }
  const exits = Object.values(EXIT_CODES).map(({ code, means }) => `| ${code} | ${means} |`)
  return [
    '## Every command',
    optionTable(withCommonOptions(new Command())),
    ...sections,
    '## Exit codes',
    ['| Code | Means |', '| --- | --- |', ...exits].join('\n'),
  ].join('\n\n')
}

function describe(command: Command, path: string): string[] {
  if (command.commands.length === 0)
    return [`\`${usage(command, path)}\``, ...(command.options.length > 0 ? [optionTable(command)] : [])]
  return command.commands.flatMap((child) => {
    const name = `${path} ${child.name()}`
    return [`### ${name}`, sentence(child.description()), ...describe(child, name)]
  })
}

function usage(command: Command, path: string): string {
  const words = command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`))
  return [path, ...words, ...(command.options.length > 0 ? ['[options]'] : [])].join(' ')
}

function optionTable(command: Command): string {
  const rows = command.options.map((option) => {
    const description = `${option.description}${option.mandatory ? ' (required)' : ''}`
    return `| \`${option.flags.replaceAll('|', '\\|')}\` | ${description.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`
  })
  return ['| Option | Meaning |', '| --- | --- |', ...rows].join('\n')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
