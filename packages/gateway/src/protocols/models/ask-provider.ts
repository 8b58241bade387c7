import { setTimeout as delay } from 'node:timers/promises'
import { byHealth, type Candidate, GatewayError, isGatewayError, type Used } from '@sallyport/core'
import type { Breaker } from './breaker.ts'
import { isUnanswered, type ProviderAnswer, type ProviderLink, type ProviderRequest } from './provider-link.ts'

/** Requests sent to one candidate, and in all, for one call. */
const ATTEMPTS_EACH_MAX = 2
const ATTEMPTS_MAX = 6
const BACKOFF_MS = 100
/** A provider that asks for a longer pause is not asked again for this call. */
const PAUSE_MS_MAX = 2_000

export interface AskDeps {
  readonly link: (provider: string) => ProviderLink | undefined
  readonly breaker: (candidate: Candidate) => Breaker
  readonly random: () => number
  /** Asked right before anything is sent. @throws GatewayError */
  readonly requireLive: () => void
  readonly meter: Meter
}

/** What a call may have cost so far. */
export interface Meter {
  /** Attempts that may have been answered, and whose usage nobody told. */
  lost: number
  answered?: NonNullable<Used['answered']>
}

export interface Asked {
  readonly response: ProviderAnswer
  readonly candidate: Candidate
  readonly link: ProviderLink
  readonly attempts: number
  /** Tells the candidate's breaker how the answer went on; once. */
  readonly settle: Breaker['settle']
}

/**
 * Asks the eligible one after another until an answer begins, the healthy first. Nobody else is ever asked, and nothing is sent
 * again once a byte of an answer has come.
 * @param requestFor What is sent to a candidate: models may have another name there.
 * @throws GatewayError of the last attempt; `UPSTREAM_UNAVAILABLE` when every candidate is paused.
 */
export async function askProvider(
  eligible: readonly Candidate[],
  requestFor: (candidate: Candidate) => ProviderRequest,
  deps: AskDeps,
): Promise<Asked> {
  let attempts = 0
  let failure = new GatewayError('UPSTREAM_UNAVAILABLE', 'no model that may answer is available now', { retryAfterMs: 5_000 })
  for (const candidate of byHealth(eligible, (one) => deps.breaker(one).isClosed())) {
    const link = deps.link(candidate.provider)
    const breaker = deps.breaker(candidate)
    if (!link) continue
    for (let each = 0; each < ATTEMPTS_EACH_MAX && attempts < ATTEMPTS_MAX; each++) {
      const request = requestFor(candidate)
      if (each > 0) await pause(BACKOFF_MS * 2 ** attempts * (0.5 + deps.random()), request.signal)
      deps.requireLive()
      if (!breaker.enter()) break
      attempts++
      deps.meter.lost++
      try {
        const response = await link.send(request)
        return { response, candidate, link, attempts, settle: (outcome) => breaker.settle(outcome) }
      } catch (error) {
        if (!isGatewayError(error)) throw error
        if (isUnanswered(error)) deps.meter.lost--
        breaker.settle(outcomeOf(error))
        failure = error
        if (error.code === 'UPSTREAM_CANCELLED' || error.code === 'UPSTREAM_REFUSED') throw error
        if (!isWorthAgain(error)) break
      }
    }
  }
  throw failure
}

/** What a failure says of a provider's health. */
export function outcomeOf({ code }: GatewayError): Parameters<Breaker['settle']>[0] {
  if (code === 'UPSTREAM_CANCELLED' || code === 'UPSTREAM_REFUSED' || code === 'MODEL_UNTRANSLATABLE') return 'neither'
  return code === 'UPSTREAM_TIMEOUT' ? 'timeout' : 'failure'
}

/** Whether the same candidate is asked once more. One that took its whole time is not. */
function isWorthAgain({ code, retryAfterMs }: GatewayError): boolean {
  if (code === 'UPSTREAM_LIMITED') return retryAfterMs !== undefined && retryAfterMs <= PAUSE_MS_MAX
  return code === 'UPSTREAM_UNAVAILABLE'
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {
    throw new GatewayError('UPSTREAM_CANCELLED', 'the call was cut off')
  })
}
