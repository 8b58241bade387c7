import type { Decision, Effect, Obligation } from '../model/decision.ts'
import type { Json, JsonObject } from '../model/json.ts'
import type { Validate } from '../model/tool-facts.ts'
import { parseJson } from '../normalise/parse-json.ts'
import type { ReasonCode } from '../reasons.ts'
import { filterRows } from './filter-rows.ts'
import { projectFields } from './project-fields.ts'

/** What a tool returned, free of the wire. Only these members are ever released. */
export interface ToolResult {
  readonly content: readonly JsonObject[]
  readonly structuredContent?: Json
  readonly isError?: boolean
}

/** The second decision about an act: whether and in which form its result reaches the agent. */
export interface Release {
  /** What is enforced; `evaluated` is what it would be with every rule in enforce mode. */
  readonly effect: Extract<Effect, 'allow' | 'deny'>
  readonly evaluated: Extract<Effect, 'allow' | 'deny'>
  /** Reasons of `effect`, then what rules in observe mode would have done. */
  readonly reasons: readonly ReasonCode[]
  readonly observed: readonly ReasonCode[]
  /** Present when released. */
  readonly result?: ToolResult
  readonly removed: { readonly fields: number; readonly rows: number; readonly blocks: number }
}

/**
 * Releases a result under the obligations of its decision: output schema, then records, then fields. With either of the last
 * two bound, only structured content and text that parses as JSON can be reduced; other blocks are left out, and a result of
 * nothing else is refused. A tool's own error keeps its mark and loses its words. Result-level `_meta` never passes.
 * @param validateOutput Of the pinned output schema; a result without structured content then violates it (MCP, Tools, output
 * schema), unless it is an error.
 */
export function release(decision: Decision, result: ToolResult, validateOutput?: Validate): Release {
  if (validateOutput && result.isError !== true) {
    const valid = result.structuredContent !== undefined && validateOutput(result.structuredContent) === undefined
    if (!valid) return refused('result_invalid')
  }
  const binding = shaping(decision.obligations.filter((obligation) => obligation.mode === 'enforce'))
  const all = shaping(decision.obligations)
  const enforced = reduce(result, binding)
  const evaluated = binding.length === all.length ? enforced : reduce(result, all)
  if (enforced.reason !== undefined) return refused(enforced.reason)
  const observed =
    evaluated.reason === undefined
      ? reasonsOf(evaluated).filter((reason) => !reasonsOf(enforced).includes(reason))
      : [evaluated.reason]
  return {
    effect: 'allow',
    evaluated: evaluated.reason === undefined ? 'allow' : 'deny',
    reasons: ['granted', ...reasonsOf(enforced)],
    observed,
    result: enforced.result,
    removed: enforced.removed,
  }
}

/** Obligations that shape a result; the others are about what is sent. */
function shaping(obligations: readonly Obligation[]): readonly Obligation[] {
  return obligations.filter(({ type }) => type !== 'redact')
}

interface Reduced {
  readonly reason?: undefined
  readonly result: ToolResult
  readonly removed: { readonly fields: number; readonly rows: number; readonly blocks: number }
}
type Reduction = Reduced | { readonly reason: ReasonCode }

const NOTHING = { fields: 0, rows: 0, blocks: 0 }
/** Replaces the words of a tool's own error, which no field list can reduce. */
const WITHHELD = 'the tool reported an error; its text is withheld because the grant limits what results may contain'

function reduce(result: ToolResult, obligations: readonly Obligation[]): Reduction {
  const { content, structuredContent, isError } = result
  const mark = isError === undefined ? {} : { isError }
  if (obligations.length === 0) {
    return { result: { content, ...(structuredContent !== undefined && { structuredContent }), ...mark }, removed: NOTHING }
  }
  if (isError === true) {
    return { result: { content: [{ type: 'text', text: WITHHELD }], isError }, removed: { ...NOTHING, blocks: content.length } }
  }
  const structured = structuredContent === undefined ? undefined : reduceValue(structuredContent, obligations)
  if (structured?.reason !== undefined) return { reason: structured.reason }
  const blocks = content.map((block) => reduceBlock(block, obligations))
  const kept = blocks.filter((block) => block !== undefined && block.reason === undefined)
  if (kept.length === 0 && structured === undefined) return { reason: reasonOfNone(blocks) }
  const values = structured ? [structured, ...kept] : kept
  const texts = kept.length > 0 ? kept : values
  return {
    result: {
      content: texts.map(({ value }) => ({ type: 'text', text: JSON.stringify(value) })),
      ...(structured && { structuredContent: structured.value }),
    },
    removed: {
      fields: values.reduce((sum, { fields }) => sum + fields, 0),
      rows: values.reduce((sum, { rows }) => sum + rows, 0),
      blocks: content.length - kept.length,
    },
  }
}

interface ReducedValue {
  readonly reason?: undefined
  readonly value: Json
  readonly fields: number
  readonly rows: number
}
type ValueReduction = ReducedValue | { readonly reason: ReasonCode }

function reduceValue(value: Json, obligations: readonly Obligation[]): ValueReduction {
  const fieldNames = obligations.flatMap((obligation) => (obligation.type === 'project_fields' ? obligation.fields : []))
  let current = value
  let fields = 0
  let rows = 0
  for (const obligation of obligations) {
    switch (obligation.type) {
      case 'redact':
        break
      case 'filter_rows': {
        const filtered = filterRows(current, obligation.entities, fieldNames)
        if (!filtered.ok) return { reason: filtered.reason }
        current = filtered.value
        rows += filtered.removed
        break
      }
      case 'project_fields': {
        const projected = projectFields(current, obligation.fields)
        if (!projected) return { reason: 'result_not_projectable' }
        current = projected.value
        fields += projected.removed
        break
      }
    }
  }
  return { value: current, fields, rows }
}

/** `undefined` for a block that has no fields at all: prose, images, audio, resources, links. */
function reduceBlock(block: JsonObject, obligations: readonly Obligation[]): ValueReduction | undefined {
  if (block['type'] !== 'text' || typeof block['text'] !== 'string') return undefined
  let value: Json
  try {
    value = parseJson(block['text'])
  } catch {
    return undefined
  }
  return typeof value === 'object' && value !== null ? reduceValue(value, obligations) : undefined
}

/** A record outside the scope is named as such; a result that is only prose or pictures is not. */
function reasonOfNone(blocks: readonly (ValueReduction | undefined)[]): ReasonCode {
  return blocks.find((block) => block?.reason !== undefined)?.reason ?? 'result_not_projectable'
}

function reasonsOf(reduction: Reduction): readonly ReasonCode[] {
  if (reduction.reason !== undefined) return [reduction.reason]
  const { fields, rows, blocks } = reduction.removed
  return [...(fields + blocks > 0 ? (['fields_projected'] as const) : []), ...(rows > 0 ? (['rows_filtered'] as const) : [])]
}

function refused(reason: ReasonCode): Release {
  return { effect: 'deny', evaluated: 'deny', reasons: [reason], observed: [], removed: NOTHING }
}
