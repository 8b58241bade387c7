import {
  type Action,
  type Decision,
  type GuardFacts,
  guardArguments,
  INGESTION_CHANNELS,
  type JsonObject,
  type Principal,
  type SourceProfile,
} from '@sallyport/core'
import type { SuiteOutcome } from '../guard-desk.ts'
import type { Guard, Origin } from '../guard.ts'
import { SUITE, type SuiteCase } from './suite.ts'

/** No server has such a name: ids have no colon. */
const SUITE_PREFIX = 'suite:'

/** The source that cases of the suite come from; `undefined` for any other origin. */
export function suiteProfile({ server }: Origin): SourceProfile | undefined {
  if (server?.startsWith(SUITE_PREFIX) !== true) return undefined
  const channel = INGESTION_CHANNELS.find((one) => one === server.slice(SUITE_PREFIX.length))
  return channel && { channel, classes: [] }
}

/** Sends every attack and its twin through a guard, each in a session of its own, as acts on a server of the channel. */
export async function runSuite(guard: Guard, nowMs: () => number): Promise<readonly SuiteOutcome[]> {
  const outcomes: SuiteOutcome[] = []
  const counts = new Map<string, number>()
  for (const one of SUITE) {
    const { category, channel } = one
    const count = (counts.get(category) ?? 0) + 1
    counts.set(category, count)
    const id = `${category}-${String(count).padStart(2, '0')}`
    const stops = (text: string, half: string): Promise<boolean> =>
      stopped(guard, { ...one, text, session: `${SUITE_PREFIX}${id}-${half}`, nowMs: nowMs() })
    outcomes.push({
      id,
      category,
      channel,
      isStopped: await stops(one.attack, 'attack'),
      isPassed: !(await stops(one.twin, 'twin')),
    })
  }
  return outcomes
}

interface Sent extends Pick<SuiteCase, 'channel'> {
  readonly text: string
  readonly session: string
  readonly nowMs: number
}

const NOTHING_DECIDED: Decision = { evaluated: 'allow', enforced: 'allow', reasons: [], votes: [], obligations: [] }

async function stopped(guard: Guard, sent: Sent): Promise<boolean> {
  const { channel, text, session, nowMs } = sent
  if (channel === 'definition') {
    const found = guard.define({ name: 'suite_tool', description: text, inputSchema: { type: 'object' } }, ['send_email'])
    // What a reviewer is warned of before anything of the tool is called.
    return found.some(({ severity }) => severity === 'high' || severity === 'medium')
  }
  const principal: Principal = { agent: 'sallyport-suite', credential: 'suite', method: 'session_token', session, epoch: 0 }
  const origin = { server: `${SUITE_PREFIX}${channel === 'arguments' ? 'tool' : channel}`, name: 'suite' }
  if (channel === 'arguments') return stopsArguments(guard, { principal, origin, value: { text } }, nowMs)
  if (channel === 'user')
    return stopsArguments(guard, { principal, origin, value: { args: {}, inputs: { text } }, hasInputs: true }, nowMs)
  return stopsResult(guard, { principal, origin, value: { content: [{ type: 'text', text }] } }, nowMs)
}

interface Content {
  readonly principal: Principal
  readonly origin: Required<Origin>
  readonly value: JsonObject
  readonly hasInputs?: boolean
}

/** For a tool that writes and is cleared for nothing. */
async function stopsArguments(
  guard: Guard,
  { principal, origin, value, hasInputs = false }: Content,
  nowMs: number,
): Promise<boolean> {
  const { findings } = await guard.inspect(principal, { kind: 'tool.call', direction: 'arguments', ...origin, value, hasInputs })
  const facts: GuardFacts = guard.facts(principal, origin)
  const asked = { findings, guard: facts, agent: principal.agent, nowMs }
  const { votes, obligations } = guardArguments(asked, { scope: 'write', tier: 'medium', cleared: [] })
  return [...votes, ...obligations].some(({ mode }) => mode === 'enforce')
}

/** For a task that may do more than read. */
async function stopsResult(guard: Guard, { principal, origin, value }: Content, nowMs: number): Promise<boolean> {
  const inspected = await guard.inspect(principal, { kind: 'tool.call', direction: 'result', ...origin, value })
  const action: Action = { kind: 'tool.call', ...origin, args: {}, digest: '' }
  const budget = { reserved: true, keys: [] }
  const facts = { nowMs, isolation: { isolated: false, epoch: 0 }, guard: guard.facts(principal, origin), budget }
  const acted = { status: 'success' as const, content: value, changes: false }
  const { effect, reasons } = guard.release(
    { principal, action, decision: NOTHING_DECIDED, facts, acted, inspected, commitment: '', entry: 0 },
    { cleared: [], isConsequential: true },
  )
  return effect === 'deny' || reasons.includes('content_cut')
}
