import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { z } from 'zod'
import { EXAMPLE_AGENT, exampleDir, readCallCounts } from '../../example/index.ts'
import { checkClaims, deniedToolCalls } from './claims.ts'
import { collectEvidence } from './evidence.ts'
import { findRefusal } from './find-refusal.ts'
import type { DemoCall, DemoReport, Part } from './report.ts'
import { type Attempt, GUARDED, obey, READ_POISON, type Step, USER, WORK } from './script.ts'
import { connectAgent, type Observed, type ScriptedAgent } from './scripted-agent.ts'
import type { Teller } from './tell.ts'
import { openWorld, type World } from './world.ts'

const PROVED_TOOL = 'erp.payInvoice'

export interface DemoOptions {
  readonly teller?: Teller
  /** Text of the manifest to run with, instead of the example's. */
  readonly manifest?: string
}

/** Runs the whole demo in a temporary home folder that is gone afterwards. */
export async function runDemo(options: DemoOptions = {}): Promise<DemoReport> {
  const startMs = performance.now()
  const world = await openWorld(options.manifest)
  try {
    const played = await play(world, options.teller)
    const evidence = await collectEvidence(world, played.calls.find((call) => call.target === PROVED_TOOL)?.entry)
    const countsAtEnd = readCallCounts(world.homeDir)
    const lettersSent = readdirSync(join(exampleDir(world.homeDir), 'mail', 'outbox')).length
    const claims = checkClaims({ ...played, ...evidence, countsAtEnd, lettersSent })
    const report: DemoReport = {
      ok: claims.every((claim) => claim.ok),
      durationMs: Math.round(performance.now() - startMs),
      calls: played.calls,
      deniedToolCalls: deniedToolCalls(played.calls, played.countsAfterObeying),
      audit: evidence.audit,
      ...(evidence.proof === undefined ? {} : { proof: evidence.proof }),
      claims,
    }
    options.teller?.end(report)
    return report
  } finally {
    await world.close()
  }
}

interface Played {
  readonly calls: DemoCall[]
  readonly countsAfterObeying: Readonly<Record<string, number>>
  readonly supplierFields: readonly string[]
  readonly rights: { readonly before: string; readonly after: string }
}

async function play(world: World, teller: Teller | undefined): Promise<Played> {
  const calls: DemoCall[] = []
  const credential = await world.exchange(USER, 'reconcile-orders')
  const agent = await connectAgent({ url: world.url, agent: EXAMPLE_AGENT, credential })
  const run = async (by: ScriptedAgent, part: Part, step: Step) => {
    const observed = await withRefusal(world, step.attempt, await by.perform(step.attempt))
    const call = toCall(part, step, observed)
    calls.push(call)
    teller?.call(call)
    return observed
  }
  try {
    teller?.part('work')
    const work: Observed[] = []
    for (const step of WORK) work.push(await run(agent, 'work', step))
    const before = rights(world, work[0])

    teller?.part('guard')
    for (const step of GUARDED) await run(agent, 'guard', step)
    await world.setGuardAside()

    teller?.part('obey')
    const read: Observed[] = []
    for (const step of READ_POISON) read.push(await run(agent, 'work', step))
    for (const step of obey(textOf(read.at(-1)), work[1]?.content)) await run(agent, 'obey', step)
    const countsAfterObeying = readCallCounts(world.homeDir)
    const after = rights(world, await agent.perform({ kind: 'list' }))

    teller?.part('control')
    await crossCheck(world, (by, step) => run(by, 'control', step))
    return { calls, countsAfterObeying, supplierFields: fieldsOf(work[2]), rights: { before, after } }
  } finally {
    await agent.close()
  }
}

/** The same call as the denied export, by the same agent, with a key for the other task. */
async function crossCheck(world: World, run: (by: ScriptedAgent, step: Step) => Promise<Observed>): Promise<void> {
  const other = await connectAgent({ url: world.url, agent: EXAMPLE_AGENT, credential: world.keys['answer-questions'] })
  try {
    const attempt: Attempt = { kind: 'tool', tool: 'erp.exportTable', args: { table: 'employees' } }
    await run(other, { says: 'exports the employees table for task answer-questions', attempt, expect: 'allowed' })
  } finally {
    await other.close()
  }
}

/** An HTTP refusal says nothing about the log; its entry is looked up there. */
async function withRefusal(world: World, attempt: Attempt, observed: Observed): Promise<Observed> {
  if (attempt.kind !== 'admin' || observed.outcome !== 'denied') return observed
  const found = await findRefusal(world.home.logDir, attempt.path)
  return found === undefined ? observed : { ...observed, entry: found.entry, reasons: [found.code] }
}

function toCall(part: Part, step: Step, observed: Observed): DemoCall {
  const isExpected = observed.outcome === step.expect && (step.reason === undefined || observed.reasons.includes(step.reason))
  return {
    part,
    says: step.says,
    target: targetOf(step.attempt),
    outcome: observed.outcome,
    reasons: [...observed.reasons],
    ...(observed.entry === undefined ? {} : { entry: observed.entry }),
    answer: observed.text,
    isExpected,
  }
}

function targetOf(attempt: Attempt): string {
  switch (attempt.kind) {
    case 'list':
      return 'tools/list'
    case 'tool':
      return attempt.tool
    case 'resource':
      return attempt.uri
    case 'admin':
      return `POST ${attempt.path}`
  }
}

/** What the agent may do, as one value to compare: the tools it is shown and the manifest on disk. */
function rights(world: World, listed: Observed | undefined): string {
  const manifest = readFileSync(join(world.homeDir, 'manifests', `${EXAMPLE_AGENT}.yaml`))
  return JSON.stringify([listed?.content, createHash('sha256').update(manifest).digest('hex')])
}

function textOf(observed: Observed | undefined): string {
  return z.object({ text: z.string() }).safeParse(observed?.content).data?.text ?? ''
}

function fieldsOf(observed: Observed | undefined): string[] {
  const { rows } = z.object({ rows: z.array(z.record(z.string(), z.unknown())) }).safeParse(observed?.content).data ?? { rows: [] }
  return [...new Set(rows.flatMap((row) => Object.keys(row)))].sort()
}
