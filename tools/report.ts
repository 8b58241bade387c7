import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'

/** One measured value: a number or a word, or a list or table of them. */
export type Figure = string | number | boolean | null | readonly Figure[] | { readonly [key: string]: Figure }

/** A figure held against what the project wants of it. `target` is written for people: `<= 1.5`, `>= 45 %`. */
export interface Target {
  readonly value: number | boolean
  readonly target: string
  readonly ok: boolean
}

/** What one evaluation or benchmark found out. Keys end in their unit (`p50Ms`, `callsPerSecond`). */
export interface Measured {
  readonly figures: Readonly<Record<string, Figure>>
  readonly targets: Readonly<Record<string, Target>>
}

/** What the command line asked of a run. */
export interface RunOptions {
  /** A smaller run with the same figures, for a machine that is busy or a CI job that must be quick. */
  readonly short: boolean
  /** Tells the person who waits what is going on; goes to standard error. */
  readonly note: (line: string) => void
}

/** One evaluation or benchmark. It throws when it cannot be run; a missed target is a result, not an error. */
export interface Program {
  readonly about: string
  readonly run: (options: RunOptions) => Promise<Measured>
}

/** The report of one run, in the form of DESIGN §10. */
interface Report extends Measured {
  readonly name: string
  /** Start of the run, RFC 3339 in UTC. */
  readonly at: string
  readonly machine: string
}

export const atMost = (value: number, limit: number, unit = ''): Target => ({
  value,
  target: `<= ${limit}${unit}`,
  ok: value <= limit,
})
export const atLeast = (value: number, limit: number, unit = ''): Target => ({
  value,
  target: `>= ${limit}${unit}`,
  ok: value >= limit,
})
export const exactly = (value: number, wanted: number): Target => ({ value, target: `= ${wanted}`, ok: value === wanted })

/**
 * Runs `NAME [--json] [--short]` and prints the report: one JSON object as the last line with `--json`, else a table.
 * @returns The exit code: 0 for every finished run, also with missed targets; 1 for a broken one; 2 for wrong usage.
 */
export async function runProgram(
  command: string,
  programs: Readonly<Record<string, Program>>,
  args: readonly string[],
): Promise<number> {
  const asked = parse(args)
  const program = asked && Object.hasOwn(programs, asked.name) ? programs[asked.name] : undefined
  if (!asked || !program) {
    process.stderr.write(usage(command, programs))
    return 2
  }
  const { name, json, short } = asked
  const at = new Date().toISOString()
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  try {
    const { figures, targets } = await program.run({ short, note })
    const report: Report = { name, at, machine: machine(), figures, targets }
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : table(report))
    return 0
  } catch (error) {
    process.stderr.write(
      `${command} ${name} could not be run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    )
    return 1
  }
}

/** Hardware and runtime in one line; figures of different machines must not be compared. */
function machine(): string {
  const list = cpus()
  const memoryGib = Math.round(totalmem() / 2 ** 30)
  return `${list.length} x ${list[0]?.model.trim() ?? 'unknown processor'}, ${memoryGib} GiB, ${process.platform}-${process.arch}, Node ${process.versions.node}`
}

function parse(args: readonly string[]): { name: string; json: boolean; short: boolean } | undefined {
  const options = { json: { type: 'boolean', default: false }, short: { type: 'boolean', default: false } } as const
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [name] = positionals
    return name === undefined || positionals.length > 1 ? undefined : { name, ...values }
  } catch {
    return undefined
  }
}

function usage(command: string, programs: Readonly<Record<string, Program>>): string {
  const names = Object.entries(programs).map(([name, program]) => `  ${name.padEnd(14)} ${program.about}`)
  return [`usage: npm run -s ${command} -- NAME [--json] [--short]`, '', ...names, ''].join('\n')
}

function table(report: Report): string {
  const rows = Object.entries(report.figures).flatMap(([key, value]) => figureRows(key, value))
  const width = Math.max(...[...rows.map(([key]) => key), ...Object.keys(report.targets)].map((key) => key.length), 0)
  const lines = [
    `${report.name}  ${report.at}`,
    report.machine,
    '',
    ...rows.map(([key, value]) => `${key.padEnd(width)}  ${value}`),
    '',
  ]
  for (const [key, { value, target, ok }] of Object.entries(report.targets)) {
    lines.push(`${key.padEnd(width)}  ${value} (target ${target})  ${ok ? 'met' : 'MISSED'}`)
  }
  return `${lines.join('\n')}\n`
}

function figureRows(key: string, value: Figure): [string, string][] {
  if (value === null || typeof value !== 'object') return [[key, String(value)]]
  const entries = Object.entries(value)
  if (entries.length === 0) return [[key, 'none']]
  return entries.flatMap(([name, inner]) => figureRows(`${key}.${name}`, inner))
}
