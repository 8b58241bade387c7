import { type AgentClient, type Answer } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import { LIMITED, NOTE, seenAs } from './company.ts'

/** One answer a client got, and the entry it named. */
export interface Answered {
  readonly tool: string
  readonly id: string
  /** Index of the decision in the log, as the answer says. */
  readonly entry: number
  readonly allowed: boolean
}

/** What clients saw. */
export interface Seen {
  readonly answered: Answered[]
  /** Refusals because the log cannot be written. */
  unavailable: number
  /** Answers of no kind that was expected, in short. */
  readonly unexpected: string[]
}

export function nothingSeen(): Seen {
  return { answered: [], unavailable: 0, unexpected: [] }
}

export interface LoadOptions {
  readonly agent: AgentClient
  /** Calls in flight at once. */
  readonly callers: number
  /** Prefix of the ids, so that no two loads share one. */
  readonly name: string
  /** Calls of the tool with a budget; the rest are of the other. */
  readonly limitedCalls: number
  readonly callsMax?: number
}

/** Calls until it is stopped, the gateway is gone, or it refuses to act. */
export function startLoad(options: LoadOptions, seen: Seen): { stop(): Promise<void> } {
  const { agent, callers, name, limitedCalls, callsMax = Number.POSITIVE_INFINITY } = options
  let sent = 0
  let isStopped = false
  const caller = async (): Promise<void> => {
    while (!isStopped && sent < callsMax) {
      const number = sent++
      const call = { tool: number < limitedCalls ? LIMITED : NOTE, id: `${name}-${number}` }
      const answer = await agent.call(seenAs(call.tool), { id: call.id }).catch(() => undefined)
      if (!answer || note(call, answer, seen) === 'unavailable') isStopped = true
    }
  }
  const done = Promise.all(Array.from({ length: callers }, caller))
  return {
    stop: async () => {
      isStopped = callsMax === Number.POSITIVE_INFINITY || isStopped
      await done
    },
  }
}

/** Files one answer under what it is. */
export function note(call: Pick<Answered, 'tool' | 'id'>, answer: Answer, seen: Seen): 'answered' | 'unavailable' | 'unexpected' {
  if (isUnavailable(answer)) {
    seen.unavailable++
    return 'unavailable'
  }
  const { result, refusal } = answer
  const meta = result?.['_meta'] as { readonly 'dev.sallyport/entry'?: number } | undefined
  const entry = refusal?.entry ?? meta?.['dev.sallyport/entry']
  const isKnown =
    refusal === undefined ? answer.said === 'noted' : call.tool === LIMITED && refusal.reasons.includes('rate_limited')
  if (entry === undefined || !isKnown) {
    seen.unexpected.push(`${call.id}: ${answer.status} ${answer.text.slice(0, 200)}`)
    return 'unexpected'
  }
  seen.answered.push({ ...call, entry, allowed: refusal === undefined })
  return 'answered'
}

/** HTTP 503 and the code that says why: the log cannot be written, or what a session read cannot be remembered. */
export function isUnavailable({ status, error }: Answer): boolean {
  const { code } = (error?.['data'] ?? {}) as { readonly code?: string }
  return status === 503 && (code === 'AUDIT_UNAVAILABLE' || code === 'STORE_UNAVAILABLE')
}
