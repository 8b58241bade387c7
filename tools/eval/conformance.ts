import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { exactly, type Figure, type Measured, type Program, type RunOptions } from '../report.ts'
import { addCredential } from './add-credential.ts'
import { expectedReason, readExpected, staleLines } from './expected-failures.ts'
import { grantTools, startGoverned } from './governed.ts'
import { installClients, SUITE, versionOf } from './peers.ts'
import { type Outcome, parseScenarios, readOutcomes, type Side } from './suite-results.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const CONFORMANCE = join(ROOT, 'conformance')
const SETS = ['2026-07-28', '2025-11-25'] as const
const CONDITION = '--conditions=sallyport-source'
const START_MS_MAX = 15_000
/** The suite asks for it on purpose: what is not there must be reported by the server, so reading it has to be allowed. */
const MISSING_RESOURCE = 'test://nonexistent-resource-for-conformance-testing'

interface Ran extends Outcome {
  readonly set: string
}

/** The official MCP conformance suite: the gateway as server, in front of a server that has everything, and as client. */
export const conformance: Program = {
  about: 'official MCP conformance suite, both requirement sets, as server and as client (--short: server only)',
  async run(options) {
    installClients(options.note)
    const server = await startEverything()
    try {
      const direct = await asServer(server.url, options)
      const outcomes = await asGateway(server.url, options)
      if (!options.short) outcomes.push(...(await asClient(options)))
      return summarise(direct, outcomes)
    } finally {
      await server.close()
    }
  },
}

/** The gateway in front of the everything server. */
async function asGateway(upstream: string, options: RunOptions): Promise<Ran[]> {
  const { resources, prompts } = await offers(upstream)
  const reads = (keys: readonly string[]): Record<string, Record<string, never>> =>
    Object.fromEntries(keys.map((key) => [`everything.${key}`, {}]))
  const features = Object.fromEntries(['sampling', 'elicitation', 'roots', 'logging'].map((feature) => [feature, ['everything']]))
  const gateway = await startGoverned({
    servers: { everything: { transport: 'http', url: upstream, prefix: '' } },
    grant: (tools) => ({
      tools: grantTools(tools),
      resources: reads([...resources, MISSING_RESOURCE]),
      prompts: reads(prompts),
      clientFeatures: features,
    }),
  })
  const door = await addCredential(gateway.url, gateway.key)
  try {
    return await asServer(door.url, options)
  } finally {
    await door.close()
    await gateway.close()
  }
}

async function asServer(url: string, options: RunOptions): Promise<Ran[]> {
  const runs: Ran[] = []
  for (const set of SETS) runs.push(...(await runSuite({ set, side: 'server', args: ['--url', url] }, options)))
  return runs
}

/** The gateway’s upstream side against the suite’s test servers: a driver starts one gateway for each scenario. */
async function asClient(options: RunOptions): Promise<Ran[]> {
  const command = [process.execPath, CONDITION, '--disable-warning=ExperimentalWarning', join(CONFORMANCE, 'gateway-client.ts')]
    .map((part) => JSON.stringify(part))
    .join(' ')
  const runs: Ran[] = []
  for (const set of SETS) runs.push(...(await runSuite({ set, side: 'client', args: ['--command', command] }, options)))
  return runs
}

interface SuiteRun {
  readonly set: string
  readonly side: Side
  readonly args: readonly string[]
}

async function runSuite({ set, side, args }: SuiteRun, { note }: RunOptions): Promise<Ran[]> {
  note(`conformance ${set} as ${side}: ${args[1]}`)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-conformance-'))
  try {
    const scenarios = parseScenarios(await output([SUITE, 'list', '--requirements', set])).filter(
      (scenario) => scenario.side === side,
    )
    const printed = await output([SUITE, side, ...args, '--requirements', set, '-o', folder])
    const outcomes = readOutcomes(folder, scenarios)
    if (scenarios.length === 0 || outcomes.every(({ checks }) => checks.includes('unfinished')))
      throw new Error(`the suite ran nothing:\n${printed.slice(-2_000)}`)
    return outcomes.map((outcome) => ({ ...outcome, set }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Standard output of a Node program; its exit code says whether scenarios failed, which is read from its files. */
async function output(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await once(child, 'close')
  return text
}

function summarise(direct: readonly Ran[], outcomes: readonly Ran[]): Measured {
  const expected = readExpected(join(CONFORMANCE, 'expected-failures.yaml'))
  const scored = outcomes.filter(({ unscored }) => unscored === undefined)
  const failures = scored
    .filter(({ result }) => result === 'failed')
    .map((outcome) => ({ outcome, reason: expectedReason(outcome, expected) }))
  const unexpected = failures.filter(({ reason }) => reason === undefined)
  const stale = staleLines(expected, outcomes)
  const directFailed = direct.filter(({ result, unscored }) => result === 'failed' && unscored === undefined)
  return {
    figures: {
      suite: versionOf('@modelcontextprotocol/conformance'),
      ...count(scored),
      unexpected: unexpected.length,
      sets: Object.fromEntries(
        SETS.flatMap((set) =>
          (['server', 'client'] as const).map((side) => [
            `${set} as ${side}`,
            count(scored.filter((one) => one.set === set && one.side === side)),
          ]),
        ),
      ),
      failures: failures.map(({ outcome, reason }) => ({
        ...label(outcome),
        checks: outcome.checks,
        why: outcome.why ?? '',
        expected: reason ?? false,
      })),
      skips: scored
        .filter(({ result }) => result === 'skipped')
        .map((outcome) => ({ ...label(outcome), reason: outcome.why ?? '' })),
      notScored: outcomes.flatMap((outcome) =>
        outcome.unscored === undefined ? [] : [{ ...label(outcome), reason: outcome.unscored, result: outcome.result }],
      ),
      stale,
      directFailures: directFailed.map((outcome) => ({ ...label(outcome), checks: outcome.checks })),
    },
    targets: {
      unexpectedFailures: exactly(unexpected.length, 0),
      staleLines: exactly(stale.length, 0),
      directFailures: exactly(directFailed.length, 0),
    },
  }
}

function count(outcomes: readonly Ran[]): Record<string, number> {
  const of = (result: Outcome['result']): number => outcomes.filter((outcome) => outcome.result === result).length
  return { scenarios: outcomes.length, passed: of('passed'), failed: of('failed'), skipped: of('skipped') }
}

function label({ set, side, name }: Ran): Record<string, Figure> {
  return { set, side, scenario: name }
}

async function offers(url: string): Promise<{ resources: string[]; prompts: string[] }> {
  const client = new Client({ name: 'sallyport-eval', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  try {
    const { resources } = await client.listResources()
    const { resourceTemplates } = await client.listResourceTemplates()
    const { prompts } = await client.listPrompts()
    return {
      resources: [...resources.map(({ uri }) => uri), ...resourceTemplates.map(({ uriTemplate }) => uriTemplate)],
      prompts: prompts.map(({ name }) => name),
    }
  } finally {
    await client.close()
  }
}

async function startEverything(): Promise<{ url: string; close(): Promise<void> }> {
  const child = spawn(process.execPath, [CONDITION, join(CONFORMANCE, 'everything-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), once(child, 'exit'), timeout()])) as [
    unknown,
  ]
  if (typeof url !== 'string') throw new Error('the everything server did not start')
  return { url, close: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill()
  await exited
}

function timeout(): Promise<[undefined]> {
  return new Promise((resolve) => setTimeout(() => resolve([undefined]), START_MS_MAX).unref())
}
