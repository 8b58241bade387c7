import { TRUST_LEVELS } from '../model/channel.ts'
import {
  CLASS_DEFAULTS,
  DEFAULT_GUARD_POLICY,
  type GuardException,
  type GuardPolicy,
  type GuardStage,
} from '../model/guard-policy.ts'
import type { CompiledManifest } from './compile.ts'
import { RULE_SCORE } from './guard-votes.ts'

/**
 * Layers of defence, each of which stops an attack when the others do not (R006): foreign text is marked as such; what hides in it
 * is taken out; what leaves is looked at; what looks like planted instructions is stopped; only reviewed and granted tools exist.
 */
export const GUARD_LAYERS = [
  'prompt_separation',
  'input_sanitisation',
  'output_validation',
  'anomaly_detection',
  'closed_tool_set',
] as const
export type GuardLayer = (typeof GUARD_LAYERS)[number]

/** One thing that makes a layer weaker than it is by default. */
export interface Weakness {
  readonly layer: GuardLayer
  /** Which setting, as in the configuration: `boundary.web.off`. No blanks. */
  readonly what: string
  /** Of its exception: for which agent, why, and when it ends by itself (RFC 3339). */
  readonly agent?: string
  readonly reason?: string
  readonly until?: string
}

export interface WeaknessOptions {
  readonly nowMs: number
  /** Only what weakens it for this agent; for any unless set. */
  readonly agent?: string
  /** Rules of its manifest that only observe. */
  readonly observe?: CompiledManifest['observe']
}

/** What a stage that only observes weakens. */
const LAYER_OF: Readonly<Record<GuardStage, GuardLayer>> = {
  input: 'anomaly_detection',
  output: 'output_validation',
  process: 'anomaly_detection',
}

/** Everything that makes the guard weaker than it is by default, for one agent or for any, in the order of the layers. */
export function weaknesses(policy: GuardPolicy, { nowMs, agent, observe = new Set() }: WeaknessOptions): readonly Weakness[] {
  const found: Weakness[] = weakSettings(policyAt(policy, nowMs)).map(({ layer, setting, value }) => {
    const { reason, until } = exceptionFor(policy, setting) ?? {}
    return { layer, what: `${setting}.${value}`, ...(reason !== undefined && { reason }), ...(until !== undefined && { until }) }
  })
  found.push(...[...observe].map((rule) => ({ layer: 'closed_tool_set' as const, what: `observe.${rule}` })))
  for (const { stage, agent: only, reason, until } of policy.exceptions) {
    if (stage === undefined || Date.parse(until) <= nowMs || (agent !== undefined && only !== undefined && only !== agent)) continue
    found.push({ layer: LAYER_OF[stage], what: `exception.${stage}`, reason, until, ...(only !== undefined && { agent: only }) })
  }
  return GUARD_LAYERS.flatMap((layer) => found.filter((one) => one.layer === layer))
}

/** As `weaknesses`, each in one word for a record: `<layer>/<setting>`, and `@<agent>` where it is for one only. */
export function weakenedLayers(policy: GuardPolicy, options: WeaknessOptions): readonly string[] {
  return weaknesses(policy, options).map(({ layer, what, agent }) => `${layer}/${what}${agent === undefined ? '' : `@${agent}`}`)
}

/** Settings weaker than the default that no exception names: such a policy is not taken into use (R007). */
export function unexcused(policy: GuardPolicy): readonly string[] {
  return weakSettings(policy)
    .map(({ setting }) => setting)
    .filter((setting) => exceptionFor(policy, setting) === undefined)
}

/** The policy in force at a moment: a setting weaker than the default counts while its exception does, and no longer. */
export function policyAt<P extends GuardPolicy>(policy: P, nowMs: number): P {
  const over = weakSettings(policy).filter(({ setting }) => !(Date.parse(exceptionFor(policy, setting)?.until ?? '') > nowMs))
  return over.reduce((now, { setting }) => atDefault(now, setting), policy)
}

/** When the next exception ends, in Unix milliseconds; `Infinity` when none does. */
export function nextEndMs({ exceptions }: GuardPolicy, nowMs: number): number {
  return Math.min(...exceptions.map(({ until }) => Date.parse(until)).filter((endMs) => endMs > nowMs))
}

/** The exception of a setting that lasts longest. */
function exceptionFor({ exceptions }: GuardPolicy, setting: string): GuardException | undefined {
  return exceptions
    .filter((one) => one.setting === setting)
    .reduce<GuardException | undefined>((a, b) => (a && Date.parse(a.until) >= Date.parse(b.until) ? a : b), undefined)
}

/** @param setting `name` or `name.member` */
function atDefault<P extends GuardPolicy>(policy: P, setting: string): P {
  const [name = '', member] = setting.split('.')
  const usual = DEFAULT_GUARD_POLICY[name as keyof GuardPolicy]
  if (member === undefined) return { ...policy, [name]: usual }
  const { [member]: _, ...others } = policy[name as keyof GuardPolicy] as Record<string, unknown>
  const value = (usual as Record<string, unknown>)[member]
  return { ...policy, [name]: { ...others, ...(value !== undefined && { [member]: value }) } }
}

interface WeakSetting {
  readonly layer: GuardLayer
  /** As an exception names it: `sanitise`, `boundary.web`. */
  readonly setting: string
  readonly value: string | number
}

function weakSettings(policy: GuardPolicy): readonly WeakSetting[] {
  const { boundary, sanitise, pii, exfil, exfiltration, classes, types, injection, onFailure, thresholds } = policy
  const weak = (layer: GuardLayer, setting: string, value: string | number): WeakSetting => ({ layer, setting, value })
  const marked = (name: string, values: object, isUsual: (member: string) => boolean = () => false): readonly string[] =>
    Object.entries(values).flatMap(([member, value]) => (value === 'mark' && !isUsual(member) ? [`${name}.${member}`] : []))
  return [
    ...Object.entries(boundary).flatMap(([of, how]) => (how === 'off' ? [weak('prompt_separation', `boundary.${of}`, how)] : [])),
    ...(sanitise ? [] : [weak('input_sanitisation', 'sanitise', 'off')]),
    ...(pii ? [] : [weak('output_validation', 'pii', 'off')]),
    ...(exfil ? [] : [weak('output_validation', 'exfil', 'off')]),
    ...(exfiltration === 'mark' ? [weak('output_validation', 'exfiltration', 'mark')] : []),
    ...[...marked('classes', classes, (of) => (CLASS_DEFAULTS[of] ?? 'mark') === 'mark'), ...marked('types', types)].map(
      (setting) => weak('output_validation', setting, 'mark'),
    ),
    ...marked('injection', injection, (of) => DEFAULT_GUARD_POLICY.injection[of as keyof typeof injection] === 'mark').map(
      (setting) => weak('anomaly_detection', setting, 'mark'),
    ),
    ...(onFailure === 'mark' ? [weak('anomaly_detection', 'onFailure', 'mark')] : []),
    // Above this, nothing that a rule finds is stopped any more.
    ...TRUST_LEVELS.filter((level) => thresholds[level] > Math.max(RULE_SCORE, DEFAULT_GUARD_POLICY.thresholds[level])).map(
      (level) => weak('anomaly_detection', `thresholds.${level}`, thresholds[level]),
    ),
  ]
}
