import type { Effect, JsonObject, ReasonCode } from '@sallyport/core'
import { type Fetch, send } from './send.ts'

export interface PepOptions {
  /** Base URL of the gateway. */
  readonly url: string
  /** The agent whose credential it is. */
  readonly agent: string
  /** The agent's own key or session token, or where to get the one of now. */
  readonly credential: string | (() => string | Promise<string>)
  /** Longest wait for an answer; no answer is a no. 5 s unless set. */
  readonly timeoutMs?: number
  readonly fetch?: Fetch
}

export interface ToolCall {
  /** Name as the agent's list of tools has it; with `server`, as that server has it. */
  readonly tool: string
  readonly server?: string
  readonly args?: JsonObject
}

/** Why, in the words that agents get of a call that is refused. */
export interface VerdictContext {
  readonly effect?: Effect
  readonly reasons?: readonly ReasonCode[]
  readonly details?: readonly string[]
  /** Entry of the audit log that holds the question. */
  readonly entry?: number
  readonly retryAfterMs?: number
  /** Where people are asked about exactly this call already. */
  readonly approval?: { readonly id: string; readonly expiresMs: number; readonly url?: string }
  /** What a permitted call has to be done under; the gateway does it for calls that pass through it. */
  readonly obligations?: readonly string[]
  /** Nothing was decided; that is a no. */
  readonly error?: { readonly status?: number; readonly message: string }
}

export interface Verdict {
  readonly decision: boolean
  readonly context: VerdictContext
}

export type Semantic = 'execute_all' | 'deny_on_first_deny' | 'permit_on_first_permit'

export interface Guarded {
  readonly tool: string
  readonly server?: string
  /** Obligations that the function meets itself; a permit under any other is a no. */
  readonly honours?: readonly string[]
}

/** A policy enforcement point in the agent's own process: it asks, and what is not clearly permitted does not happen. */
export interface Pep {
  /** Never rejects: no answer, a late one or one that cannot be read is a no with `context.error`. */
  evaluate(call: ToolCall): Promise<Verdict>
  /** Up to 50 calls, answered in their order; fewer answers where the semantic ends it early. Never rejects. */
  evaluateAll(calls: readonly ToolCall[], semantic?: Semantic): Promise<readonly Verdict[]>
  /**
   * The function, called only with arguments that were permitted a moment ago: those that were asked about, copied, whatever the
   * caller does to its own in the meantime.
   */
  guard<A extends JsonObject, R>(what: Guarded, act: (args: A) => R | Promise<R>): (args: A) => Promise<R>
}

/** What a guarded function was not called for. */
export class ActRefused extends Error {
  readonly verdict: Verdict
  constructor(tool: string, verdict: Verdict) {
    const { error, reasons = [] } = verdict.context
    super(`${tool} is refused: ${error?.message ?? reasons.join(', ')}`)
    this.name = 'ActRefused'
    this.verdict = verdict
  }
}

const TIMEOUT_MS = 5_000

/** @throws TypeError when `url` is none */
export function openPep({ url, agent, credential, timeoutMs = TIMEOUT_MS, fetch = globalThis.fetch }: PepOptions): Pep {
  const base = new URL(url).href.replace(/\/$/, '')
  return { evaluate, evaluateAll, guard }

  async function evaluate(call: ToolCall): Promise<Verdict> {
    return closed(async () => verdictOf(await ask('evaluation', { subject: { type: 'agent', id: agent }, ...questionOf(call) })))
  }

  async function evaluateAll(calls: readonly ToolCall[], semantic: Semantic = 'execute_all'): Promise<readonly Verdict[]> {
    if (calls.length === 0) return []
    const failed = (verdict: Verdict): Verdict[] => calls.map(() => verdict)
    try {
      const answer = await ask('evaluations', {
        subject: { type: 'agent', id: agent },
        evaluations: calls.map(questionOf),
        options: { evaluations_semantic: semantic },
      })
      const list = isRecord(answer) ? answer['evaluations'] : undefined
      if (!Array.isArray(list) || list.length > calls.length || (semantic === 'execute_all' && list.length < calls.length))
        return failed(no('the answer is not one to these questions'))
      return list.map(verdictOf)
    } catch (error) {
      return failed(no(wordsOf(error)))
    }
  }

  function guard<A extends JsonObject, R>(
    { tool, server, honours = [] }: Guarded,
    act: (args: A) => R | Promise<R>,
  ): (args: A) => Promise<R> {
    return async (given) => {
      const args = JSON.parse(JSON.stringify(given)) as A
      const verdict = await evaluate({ tool, ...(server !== undefined && { server }), args })
      if (!verdict.decision) throw new ActRefused(tool, verdict)
      const unmet = (verdict.context.obligations ?? []).filter((one) => !honours.includes(one))
      if (unmet.length > 0) throw new ActRefused(tool, no(`it is permitted only with ${unmet.join(', ')}`, verdict.context))
      return act(args)
    }
  }

  async function ask(what: 'evaluation' | 'evaluations', body: object): Promise<unknown> {
    const secret = typeof credential === 'string' ? credential : await credential()
    const headers = { authorization: `Bearer ${secret}`, 'x-request-id': crypto.randomUUID() }
    const { status, json, text } = await send(fetch, `${base}/access/v1/${what}`, { method: 'POST', headers, body, timeoutMs })
    if (status !== 200) throw new NoDecision(status, text)
    return json
  }
}

/** The gateway answered, and decided nothing. */
class NoDecision extends Error {
  readonly status: number
  constructor(status: number, text: string) {
    super(text.slice(0, 500) || `status ${status}`)
    this.status = status
  }
}

async function closed(decide: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await decide()
  } catch (error) {
    return no(wordsOf(error))
  }
}

function questionOf({ tool, server, args = {} }: ToolCall): object {
  return {
    action: { name: 'tool.call' },
    resource: { type: 'tool', id: tool, ...(server !== undefined && { properties: { server } }) },
    context: { arguments: args },
  }
}

/** Only `true` is a yes. */
function verdictOf(answer: unknown): Verdict {
  if (!isRecord(answer) || typeof answer['decision'] !== 'boolean') return no('the answer is no decision')
  const context = isRecord(answer['context']) ? (answer['context'] as VerdictContext) : {}
  return { decision: answer['decision'], context }
}

function no(error: string | NonNullable<VerdictContext['error']>, context: VerdictContext = {}): Verdict {
  return { decision: false, context: { ...context, effect: 'deny', error: typeof error === 'string' ? { message: error } : error } }
}

function wordsOf(error: unknown): string | NonNullable<VerdictContext['error']> {
  if (error instanceof NoDecision) return { status: error.status, message: error.message }
  return error instanceof Error ? `no answer: ${error.message}` : 'no answer'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
