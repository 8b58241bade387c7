import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { z } from 'zod'

export type Side = 'server' | 'client'

/** One scenario of a requirement set. `unscored` says why the set runs it without counting it. */
export interface Scenario {
  readonly name: string
  readonly side: Side
  readonly unscored?: string
}

export interface Outcome extends Scenario {
  readonly result: 'passed' | 'failed' | 'skipped'
  /** Ids of the checks that failed, without repeats. */
  readonly checks: readonly string[]
  /** The suite's own words for the first of them, or for the skip. */
  readonly why?: string
}

const Check = z.object({
  id: z.string(),
  status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED', 'INFO']),
  description: z.string().default(''),
  errorMessage: z.string().optional(),
})
type Check = z.infer<typeof Check>

/** Reads what `conformance list --requirements …` prints. */
export function parseScenarios(text: string): Scenario[] {
  const found: Scenario[] = []
  let side: Side | undefined
  let reason: string | undefined
  for (const line of text.split('\n')) {
    const heading = /^(Server|Client) scenarios/.exec(line)
    if (heading) side = heading[1] === 'Server' ? 'server' : 'client'
    if (/never scored/.test(line)) side = undefined
    reason = /^ {2}(\S+) \(\d+\):$/.exec(line)?.[1] ?? reason
    const [, name, leg] = /^ {2,4}- (\S+)(?: \[(server|client)\])?$/.exec(line) ?? []
    if (name === undefined) continue
    if (leg) found.push({ name, side: leg === 'server' ? 'server' : 'client', unscored: reason ?? 'not scored' })
    else if (side) found.push({ name, side })
  }
  return found
}

/** Reads the `checks.json` files of one run. A warning counts as a failure, as it does for the suite's own baseline. */
export function readOutcomes(folder: string, scenarios: readonly Scenario[]): Outcome[] {
  const checks = readChecks(folder)
  return scenarios.map((scenario) => judge(scenario, checks.get(scenario.name)))
}

function judge(scenario: Scenario, checks: readonly Check[] | undefined): Outcome {
  if (!checks) return { ...scenario, result: 'failed', checks: ['unfinished'], why: 'the suite could not finish it' }
  const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
  const [first] = bad
  if (first) return { ...scenario, result: 'failed', checks: [...new Set(bad.map(({ id }) => id))], why: reasonOf(first) }
  if (checks.some(({ status }) => status === 'SUCCESS')) return { ...scenario, result: 'passed', checks: [] }
  const skip = checks.find(({ status }) => status === 'SKIPPED')
  return { ...scenario, result: 'skipped', checks: [], why: skip ? reasonOf(skip) : 'no check applied' }
}

function reasonOf({ errorMessage, description }: Check): string {
  return (errorMessage ?? description).slice(0, 300)
}

/** Folders are named `[server-]<scenario>-<time>`; a scenario may have a slash in its name. */
function readChecks(folder: string): Map<string, Check[]> {
  const found = new Map<string, Check[]>()
  if (!existsSync(folder)) return found
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (basename(path) !== 'checks.json') continue
    const name = relative('.', dirname(path))
      .replaceAll('\\', '/')
      .replace(/^server-/, '')
      .replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
    found.set(name, z.array(Check).parse(JSON.parse(readFileSync(join(folder, path), 'utf8'))))
  }
  return found
}
