import { TRUST_LEVELS } from '../model/channel.ts'
import { CLASS_DEFAULTS, DEFAULT_GUARD_POLICY, type GuardPolicy, type GuardStage } from '../model/guard-policy.ts'
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
  /** Of an exception: for which agent, why, and when it ends by itself (RFC 3339). */
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
  const found: Weakness[] = [...ofSettings(policy), ...[...observe].map((rule) => at('closed_tool_set', `observe.${rule}`))]
  for (const one of policy.exceptions) {
    if (Date.parse(one.until) <= nowMs || (agent !== undefined && one.agent !== undefined && one.agent !== agent)) continue
    const { stage, agent: only, reason, until } = one
    found.push({ layer: LAYER_OF[stage], what: `exception.${stage}`, reason, until, ...(only !== undefined && { agent: only }) })
  }
  return GUARD_LAYERS.flatMap((layer) => found.filter((one) => one.layer === layer))
}

/** As `weaknesses`, each in one word for a record: `<layer>/<setting>`, and `@<agent>` where it is for one only. */
export function weakenedLayers(policy: GuardPolicy, options: WeaknessOptions): readonly string[] {
  return weaknesses(policy, options).map(({ layer, what, agent }) => `${layer}/${what}${agent === undefined ? '' : `@${agent}`}`)
}

function* ofSettings({
  boundary,
  sanitise,
  pii,
  exfil,
  exfiltration,
  classes,
  types,
  injection,
  onFailure,
  thresholds,
}: GuardPolicy) {
  for (const [channel, how] of Object.entries(boundary)) if (how === 'off') yield at('prompt_separation', `boundary.${channel}.off`)
  if (!sanitise) yield at('input_sanitisation', 'sanitise.off')
  if (!pii) yield at('output_validation', 'pii.off')
  if (!exfil) yield at('output_validation', 'exfil.off')
  if (exfiltration === 'mark') yield at('output_validation', 'exfiltration.mark')
  for (const [of, action] of Object.entries(classes))
    if (action === 'mark' && (CLASS_DEFAULTS[of] ?? 'mark') !== 'mark') yield at('output_validation', `classes.${of}.mark`)
  for (const [type, action] of Object.entries(types)) if (action === 'mark') yield at('output_validation', `types.${type}.mark`)
  for (const [channel, action] of Object.entries(injection))
    if (action === 'mark' && DEFAULT_GUARD_POLICY.injection[channel as keyof typeof injection] !== 'mark')
      yield at('anomaly_detection', `injection.${channel}.mark`)
  if (onFailure === 'mark') yield at('anomaly_detection', 'onFailure.mark')
  // Above this, nothing that a rule finds is stopped any more.
  for (const level of TRUST_LEVELS)
    if (thresholds[level] > Math.max(RULE_SCORE, DEFAULT_GUARD_POLICY.thresholds[level]))
      yield at('anomaly_detection', `thresholds.${level}.${thresholds[level]}`)
}

function at(layer: GuardLayer, what: string): Weakness {
  return { layer, what }
}
