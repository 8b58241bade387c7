import type { Answer } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import { LIMITED, NOTE, seenAs } from '../crash/company.ts'
import type { Answered } from '../crash/load.ts'
import type { Member } from './fleet.ts'

/** What clients saw. */
export interface Seen {
  readonly answered: Answered[]
  /** Refusals because a gateway had no database or no fresh state. */
  unavailable: number
  /** Calls whose gateway was gone or did not answer. */
  gone: number
  /** Refusals of an isolated agent. */
  isolated: number
  /** Answers of no kind that was expected, in short. */
  readonly unexpected: string[]
}

export const nothingSeen = (): Seen => ({ answered: [], unavailable: 0, gone: 0, isolated: 0, unexpected: [] })

export interface LoadOptions {
  readonly agents: readonly string[]
  readonly tool: typeof NOTE | typeof LIMITED
  /** Calls in flight at once through each gateway. */
  readonly callers: number
  /** Pause of a caller after each call. */
  readonly pauseMs?: number
  /** Whether an agent may turn out to be isolated. */
  readonly mayBeIsolated?: boolean
}

/** A frozen gateway answers nobody; its caller comes back. */
const ANSWER_MS_MAX = 12_000
const RETRY_MS = 50
let numbered = 0

/** Calls through every gateway until it is stopped. No id is used twice. */
export function startLoad(members: readonly Member[], options: LoadOptions, seen: Seen): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const caller = async (member: Member, first: number): Promise<void> => {
    for (let turn = first; !stopping.signal.aborted; turn++) {
      const agent = options.agents[turn % options.agents.length] ?? ''
      const call = { tool: options.tool, id: `${agent}/${++numbered}` }
      const said = await member
        .client(agent)
        ?.call(seenAs(call.tool), { id: call.id }, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
        .catch(() => undefined)
      if (said === undefined) seen.gone++
      const isAnswered = said !== undefined && file(call, said, { seen, ...options })
      await pause(isAnswered ? (options.pauseMs ?? 0) : RETRY_MS, stopping.signal)
    }
  }
  const done = Promise.all(members.flatMap((member) => Array.from({ length: options.callers }, (_, i) => caller(member, i))))
  return {
    stop: async () => {
      stopping.abort()
      await done
    },
  }
}

/** Files one answer under what it is; whether the act was decided. */
function file(
  call: Pick<Answered, 'tool' | 'id'>,
  answer: Answer,
  { seen, mayBeIsolated = false }: { seen: Seen; mayBeIsolated?: boolean },
): boolean {
  const { result, refusal, status } = answer
  const meta = result?.['_meta'] as { readonly 'dev.sallyport/entry'?: number } | undefined
  const entry = refusal?.entry ?? meta?.['dev.sallyport/entry']
  if (status === 503) seen.unavailable++
  else if (mayBeIsolated && (status === 401 || refusal?.reasons.includes('agent_isolated') === true)) seen.isolated++
  else if (entry !== undefined && (refusal === undefined ? answer.said === 'noted' : refusal.reasons.includes('rate_limited'))) {
    seen.answered.push({ ...call, entry, allowed: refusal === undefined })
    return true
  } else seen.unexpected.push(`${call.id}: ${status} ${answer.text.slice(0, 200)}`)
  return false
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
