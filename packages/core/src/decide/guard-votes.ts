import type { TrustLevel } from '../model/channel.ts'
import type { Obligation, Vote } from '../model/decision.ts'
import type { Finding } from '../model/finding.ts'
import { type DataAction, type GuardPolicy, type GuardStage, isExcepted, isUntrusted } from '../model/guard-policy.ts'
import { INJECTION_DETECTORS } from '../model/injection-detectors.ts'
import type { Scope, Tier } from '../model/manifest.ts'
import type { Source } from '../model/source-profile.ts'
import type { ReasonCode } from '../reasons.ts'
import { deny } from './votes.ts'

/** What `gather` read about the guard. */
export interface GuardFacts {
  readonly policy: GuardPolicy
  /** SHA-256 over policy, detectors and models: what the record names. */
  readonly hash: string
  /** Where the answer would come from. */
  readonly source: Source
  /** Whether a person described the source. */
  readonly isProfiled: boolean
  /** Classes the session has seen so far, declared or not (R285). */
  readonly sessionClasses: readonly string[]
}

/** What a high finding of a rule counts as: enough for every source but an internal one, whose own documents speak of such things. */
export const RULE_SCORE = 0.85
/** What a medium one counts as in a person's own words, where nothing but an attack speaks like that; elsewhere it is a hint. */
const USER_RULE_SCORE = 0.5

/** Whether a finding says that content is an injection: its score reaches the threshold of the source's trust. */
export function isInjection(finding: Finding, trust: TrustLevel, policy: GuardPolicy): boolean {
  if (!INJECTION_DETECTORS.has(finding.detector) || isFailure(finding.code)) return false
  return (finding.score ?? ruleScore(finding)) >= policy.thresholds[trust]
}

function ruleScore({ severity, channel }: Finding): number {
  if (severity === 'high') return RULE_SCORE
  return severity === 'medium' && channel === 'user' ? USER_RULE_SCORE : 0
}

export function isFailure(code: string): boolean {
  return code === 'detector_failed' || code === 'unscanned'
}

export function isExfiltration({ detector, severity }: Finding): boolean {
  return severity === 'high' && (detector === 'exfiltration' || detector === 'drip')
}

/** What policy wants done about a finding of data, for a receiver cleared for `cleared`; `undefined` when it may have it. */
export function dataAction(
  { class: of, code }: Finding,
  cleared: readonly string[],
  { types, classes }: GuardPolicy,
): DataAction | undefined {
  if (of === undefined || cleared.includes(of)) return undefined
  return types[code] ?? classes[of] ?? 'mark'
}

/** Executables, macros, bombs and files that are two things at once; text that is merely hidden is judged by what it says. */
function isSuspicious({ detector, code, severity }: Finding): boolean {
  return detector === 'content' && severity === 'high' && !code.startsWith('hidden_')
}

export interface GuardAsked {
  readonly findings: readonly Finding[]
  readonly guard: GuardFacts
  readonly agent: string
  readonly nowMs: number
}

/** Classes that policy lets go only to whom they are cleared for. */
export function restrictedClasses({ classes }: GuardPolicy): ReadonlySet<string> {
  return new Set(Object.keys(classes).filter((of) => classes[of] !== 'mark'))
}

/** Who would get the arguments. */
export interface ArgumentReceiver {
  readonly scope: Scope
  readonly tier: Tier
  /** Classes the grant lets it have. */
  readonly cleared: readonly string[]
}

/** Votes on an act by what detectors saw in its arguments. Detectors can only make a decision stricter. */
export function guardArguments(
  asked: GuardAsked,
  receiver: ArgumentReceiver,
): { readonly votes: readonly Vote[]; readonly obligations: readonly Obligation[] } {
  const { findings, guard } = asked
  const { policy } = guard
  const { cleared } = receiver
  const votes: Vote[] = guard.isProfiled ? [] : [deny('source', 'source_unprofiled')]
  const mode = modeOf('output', asked)
  const stop = (rule: string, reason: ReasonCode, isHit: (finding: Finding) => boolean): void => {
    const hits = findings.filter(isHit)
    if (hits.length > 0) votes.push({ ...deny(rule, reason, detailOf(hits)), mode })
  }
  stop('guard.data', 'data_not_cleared', (finding) => dataAction(finding, cleared, policy) === 'block')
  stop('guard.canary', 'canary_leaked', ({ detector }) => detector === 'canary')
  if (policy.exfiltration === 'block') stop('guard.exfiltration', 'exfiltration_detected', isExfiltration)
  if (policy.inferred === 'block') stop('guard.inferred', 'data_not_cleared', ({ code }) => code === 'inferred_personal_data')
  // What a person answered goes with the arguments and is judged as that person's words.
  stop('guard.injection', 'injection_detected', (finding) => {
    const channel = finding.channel === 'user' ? 'user' : 'arguments'
    return policy.injection[channel] === 'block' && isInjection(finding, channel === 'user' ? 'user' : 'agent', policy)
  })
  const masked = findings.some((finding) => dataAction(finding, cleared, policy) === 'redact')
  return { votes: [...votes, ...failureVotes(asked, receiver)], obligations: masked ? [{ type: 'redact', mode, cleared }] : [] }
}

export function failureVotes(asked: GuardAsked, { scope, tier }: ArgumentReceiver): readonly Vote[] {
  const { findings, guard } = asked
  const isConsequential = scope !== 'read' || tier !== 'low'
  const { onFailure } = guard.policy
  if (onFailure === 'mark' || (onFailure === 'block_consequential' && !isConsequential)) return []
  const reason = failureReason(findings)
  return reason === undefined ? [] : [{ ...deny('inspection', reason), mode: modeOf('process', asked) }]
}

/** Why content is not known to be harmless; `undefined` when all of it was looked at. */
export function failureReason(findings: readonly Finding[]): 'inspection_failed' | 'content_unscanned' | undefined {
  const code = findings.find((finding) => isFailure(finding.code))?.code
  if (code === undefined) return undefined
  return code === 'unscanned' ? 'content_unscanned' : 'inspection_failed'
}

export function modeOf(stage: GuardStage, { guard, agent, nowMs }: GuardAsked): Vote['mode'] {
  return isExcepted(guard.policy, stage, { agent, nowMs }) ? 'observe' : 'enforce'
}

/** Where, and what kind of thing; never the thing. */
export function detailOf(findings: readonly Finding[]): string {
  const [first] = findings
  if (!first) return ''
  const more = findings.length > 1 ? ` and ${findings.length - 1} more` : ''
  return `${first.code} at ${first.path === '' ? '/' : first.path}${more}`
}

/** What becomes of a result by what detectors saw in it. */
export interface ResultVerdict {
  /** `block`: none of it is released. */
  readonly effect: 'allow' | 'deny'
  readonly reasons: readonly ReasonCode[]
  /** What would have been done without an exception. */
  readonly observed: readonly ReasonCode[]
  readonly isQuarantined: boolean
  /** What is left out or replaced, by finding. */
  readonly cut: (finding: Finding) => boolean
  readonly redact: (finding: Finding) => boolean
}

export interface ResultAsked extends GuardAsked {
  /** Classes the grant lets the agent have of this source. */
  readonly cleared: readonly string[]
  /** Whether the task holds a grant that is not a plain low read. */
  readonly isConsequential: boolean
  /** Whether a person released exactly this content. */
  readonly isReleased: boolean
  /** Lists are reduced, not refused: one bad description does not take the others away. */
  readonly isList: boolean
}

/** Decides on content that came back. Silence of every detector lowers nothing: labels and grants hold whatever they say. */
export function judgeResult(asked: ResultAsked): ResultVerdict {
  const { findings, guard, cleared, isReleased, isList, isConsequential } = asked
  const { policy, source } = guard
  const injections = findings.filter((finding) => isInjection(finding, source.trust, policy))
  const wanted = policy.injection[source.channel]
  const action = isList && wanted === 'block' ? 'cut' : wanted
  const data = (finding: Finding): DataAction | undefined => dataAction(finding, cleared, policy)
  const reasons: ReasonCode[] = []
  if (injections.length > 0 && !isReleased && action !== 'mark') reasons.push('injection_detected')
  if (findings.some((finding) => data(finding) === 'block')) reasons.push('data_not_cleared')
  if (findings.some(isSuspicious)) reasons.push('content_suspicious')
  const isAtRisk =
    policy.onFailure === 'block' || (policy.onFailure === 'block_consequential' && isUntrusted(source.trust) && isConsequential)
  const failure = isAtRisk ? failureReason(findings) : undefined
  if (failure !== undefined) reasons.push(failure)
  const isObserved = modeOf('input', asked) === 'observe'
  const isCut = reasons.length === 1 && reasons[0] === 'injection_detected' && action === 'cut'
  const effect = reasons.length > 0 && !isCut && !isObserved ? 'deny' : 'allow'
  const isHit = (finding: Finding): boolean => isCut && !isObserved && injections.includes(finding)
  const isMasked = (finding: Finding): boolean => !isObserved && data(finding) === 'redact'
  const given: ReasonCode[] = effect === 'deny' ? reasons : isCut && !isObserved ? ['injection_detected', 'content_cut'] : []
  if (injections.length > 0 && isReleased) given.push('content_released')
  const declared = [...cleared, ...source.classes]
  if (findings.some(({ class: of, severity }) => of !== undefined && severity !== 'info' && !declared.includes(of)))
    given.push('class_undeclared')
  return {
    effect,
    reasons: given,
    observed: isObserved ? reasons : [],
    isQuarantined: given.includes('injection_detected') || given.includes('content_suspicious'),
    cut: isHit,
    redact: isMasked,
  }
}
