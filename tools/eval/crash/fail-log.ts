import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isGatewayError } from '@sallyport/core'
import { type Gateway, type GatewayOptions, openHome, startGateway } from '@sallyport/gateway'
import { type AgentClient, agentClient } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import { type Fallible, faultyFolder } from '../../../packages/gateway/src/stores/files/fixtures/faulty-folder.ts'
import { directWriter } from '../../../packages/gateway/src/stores/files/writer-link.ts'
import { AGENT, type Company, NOTE, openCompany, seenAs, TASK } from './company.ts'
import { isUnavailable, nothingSeen, note as fileAnswer, type Seen, startLoad } from './load.ts'
import { type Reconciled, reconcile } from './reconcile.ts'

/** Calls that come before the loop, so that its load crosses a bundle of 256 entries. */
const FILL_CALLS = 100
const FILL_CALLERS = 32
const LOAD_CALLS = 40
const LOAD_CALLERS = 8

/** What one fault did. */
export interface FaultOutcome extends Omit<Reconciled, 'actsBeforeDecision'> {
  readonly failed: Fallible
  /** Whether the gateway refused to start instead of running without a record. */
  readonly refusedStart: boolean
  /** Calls after the fault that were not refused with `AUDIT_UNAVAILABLE`. */
  readonly notRefused: number
  /** Acts that reached the tool server after the first of those calls. */
  readonly actsAfter: number
  readonly callsAnswered: number
  /** Calls refused with `AUDIT_UNAVAILABLE` while the load ran. */
  readonly callsUnavailable: number
  readonly unexpected: readonly string[]
}

export interface FaultOptions {
  readonly step: number
  /** Ends the loop early; without it, it ends when the load no longer reaches the operation that would fail. */
  readonly faultsMax?: number
}

/** The gateway with one file operation of its log failing after the other, each time on a copy of the same home folder. */
export async function* failLog({ step, faultsMax = Number.POSITIVE_INFINITY }: FaultOptions): AsyncGenerator<FaultOutcome> {
  const company = await openCompany()
  try {
    const seen = await fill(company)
    for (let fault = 0; fault < faultsMax; fault++) {
      // Each of the two codes takes the same way; alternate them.
      const outcome = await failOnce(company, seen, { failAt: fault * step, code: fault % 2 === 0 ? 'EIO' : 'ENOSPC' })
      if (!outcome) return
      yield outcome
    }
  } finally {
    await company.close()
  }
}

async function fill(company: Company): Promise<Seen> {
  const seen = nothingSeen()
  const gateway = await startGateway({ homeDir: company.home.dir, log: () => undefined })
  try {
    const agent = clientOf(company, gateway)
    await startLoad({ agent, callers: FILL_CALLERS, name: 'fill', limitedCalls: 0, callsMax: FILL_CALLS }, seen).stop()
  } finally {
    await gateway.close()
  }
  return seen
}

interface Fault {
  readonly failAt: number
  readonly code: 'EIO' | 'ENOSPC'
}

/** `undefined` when the load ended before the operation that would have failed. */
async function failOnce(company: Company, filled: Seen, { failAt, code }: Fault): Promise<FaultOutcome | undefined> {
  const dir = mkdtempSync(join(dirname(company.home.dir), 'fault-'))
  const homeDir = join(dir, 'home')
  try {
    cpSync(company.home.dir, homeDir, { recursive: true, filter: (path) => !path.endsWith('.sock') })
    const seen: Seen = { ...nothingSeen(), answered: [...filled.answered] }
    const { folder, failed } = faultyFolder(failAt, code)
    const broken = await unlessUnavailable({ homeDir, log: () => undefined, logWriter: directWriter(folder) })
    const after = broken && (await loadBroken(company, broken, { seen, name: `fault-${failAt}` }))
    const operation = failed()
    if (operation === undefined) return undefined
    await restart(company, homeDir, { seen, name: `healthy-${failAt}` })
    const prefixes = ['fill-', `fault-${failAt}-`, `healthy-${failAt}-`]
    const acts = company.acts().filter(({ id }) => prefixes.some((prefix) => id.startsWith(prefix)))
    // The tool server looks at the log of the home folder that was copied, not of the copy.
    const { actsBeforeDecision: _, ...reconciled } = await reconcile(openHome(homeDir, { create: false }), {
      answered: seen.answered,
      acts,
    })
    return {
      ...reconciled,
      failed: operation,
      refusedStart: broken === undefined,
      notRefused: 0,
      actsAfter: 0,
      ...after,
      callsAnswered: seen.answered.length - filled.answered.length,
      callsUnavailable: seen.unavailable,
      unexpected: seen.unexpected,
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

interface Named {
  readonly seen: Seen
  readonly name: string
}

/** Calls until one is refused, then goes on calling. */
async function loadBroken(
  company: Company,
  gateway: Gateway,
  { seen, name }: Named,
): Promise<{ notRefused: number; actsAfter: number }> {
  const agent = clientOf(company, gateway)
  try {
    await startLoad({ agent, callers: LOAD_CALLERS, name, limitedCalls: 0, callsMax: LOAD_CALLS }, seen).stop()
    return seen.unavailable === 0 ? { notRefused: 0, actsAfter: 0 } : await callRefused(company, agent, name)
  } finally {
    // The last checkpoint fails too, or is the first operation that does.
    await gateway.close().catch(onlyUnavailable)
  }
}

/** Calls a gateway that must not act any more, in every way an agent can. */
export async function callRefused(
  company: Company,
  agent: AgentClient,
  name: string,
): Promise<{ notRefused: number; actsAfter: number }> {
  const before = company.acts().length
  const first = await agent.call(seenAs(NOTE), { id: `${name}-refused` })
  const list = await agent.rpc('tools/list')
  const answers = [
    first,
    await agent.call(seenAs(NOTE), { id: `${name}-refused` }, { era: 'legacy' }),
    // A list is no act of a session: it is refused where it cannot be recorded.
    ...(first.text.includes('AUDIT_UNAVAILABLE') ? [list] : []),
  ]
  return { notRefused: answers.filter((answer) => !isUnavailable(answer)).length, actsAfter: company.acts().length - before }
}

/** A start on the healthy disk, and one call that must work. */
async function restart(company: Company, homeDir: string, { seen, name }: Named): Promise<void> {
  const gateway = await startGateway({ homeDir, log: () => undefined })
  try {
    const call = { tool: NOTE, id: `${name}-0` }
    fileAnswer(call, await clientOf(company, gateway).call(seenAs(NOTE), { id: call.id }), seen)
  } finally {
    await gateway.close()
  }
}

async function unlessUnavailable(options: GatewayOptions): Promise<Gateway | undefined> {
  return startGateway(options).catch(onlyUnavailable)
}

function onlyUnavailable(error: unknown): undefined {
  if (!isGatewayError(error) || error.code !== 'AUDIT_UNAVAILABLE') throw error
}

function clientOf(company: Company, { url }: Gateway): AgentClient {
  return agentClient(url, AGENT, company.secret(AGENT, TASK))
}
