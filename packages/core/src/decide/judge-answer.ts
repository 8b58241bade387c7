import type { Finding } from '../model/finding.ts'
import type { DataAction } from '../model/guard-policy.ts'
import { isExcepted } from '../model/guard-policy.ts'
import type { ReasonCode } from '../reasons.ts'
import { dataAction, failureReason, type GuardFacts, isExfiltration } from './guard-votes.ts'

/** What becomes of a model's answer by what detectors saw in it. */
export interface AnswerVerdict {
  readonly effect: 'allow' | 'deny'
  readonly reasons: readonly ReasonCode[]
}

export interface AnswerAsked {
  readonly findings: readonly Finding[]
  readonly guard: Pick<GuardFacts, 'policy'>
  readonly agent: string
  readonly nowMs: number
  /** Classes the task's agents may see in answers. */
  readonly cleared: readonly string[]
}

/**
 * What policy makes of one finding in a model's answer. A model speaks to people and to agents: data they are not cleared for and
 * links that carry data out are stopped; that it speaks of attacks is no attack.
 */
export function answerAction(finding: Finding, { guard: { policy }, cleared }: Pick<AnswerAsked, 'guard' | 'cleared'>): DataAction {
  if (finding.detector === 'canary') return 'block'
  if (policy.exfiltration === 'block' && isExfiltration(finding)) return 'block'
  return dataAction(finding, cleared, policy) ?? 'mark'
}

/** Decides on a whole answer. What could not be looked at is not released where policy says so. */
export function judgeAnswer(asked: AnswerAsked): AnswerVerdict {
  const { findings, guard, agent, nowMs } = asked
  const reasons = answerReasons(findings.filter((finding) => answerAction(finding, asked) === 'block'))
  const failure = guard.policy.onFailure === 'mark' ? undefined : failureReason(findings)
  const all = failure === undefined ? reasons : [...reasons, failure]
  const isObserved = isExcepted(guard.policy, 'output', { agent, nowMs })
  return { effect: all.length > 0 && !isObserved ? 'deny' : 'allow', reasons: all }
}

/** Why something that is blocked is blocked. */
export function answerReasons(blocked: readonly Finding[]): readonly ReasonCode[] {
  return [
    ...new Set(
      blocked.map((finding): ReasonCode => {
        if (finding.detector === 'canary') return 'canary_leaked'
        return isExfiltration(finding) ? 'exfiltration_detected' : 'data_not_cleared'
      }),
    ),
  ]
}
