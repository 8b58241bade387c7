import { isGatewayError } from '../errors.ts'
import type { Json } from '../model/json.ts'
import { parseJson } from '../normalise/parse-json.ts'
import type { ReasonCode } from '../reasons.ts'
import type { CompiledContract } from './compile-models.ts'
import { valueAt } from './entities.ts'

/** Links in prose: a scheme and two slashes, or the slashes alone. Bounded repetition before, one class after: linear. */
const LINK = /(?:[a-z][a-z0-9+.-]{0,19}:)?\/\/[^\s<>"'`)\]}]+/gi

/**
 * Whether an answer is what its task wants of one; the reasons why not, none when it is. An answer that misses its contract waits
 * for a person, whatever else it is. Confidence passes from its bound on, the bound included; missing, no number, or outside 0 to 1
 * is low.
 * @param text All text of the answer.
 */
export function meetsContract(contract: CompiledContract, text: string): readonly ReasonCode[] {
  const value = contract.validate || contract.confidence ? jsonOf(text) : undefined
  const reasons: ReasonCode[] = []
  if (contract.validate && (value === undefined || contract.validate(value) !== undefined)) reasons.push('output_off_contract')
  if (contract.links?.({ url: text.match(LINK) ?? [] }) !== undefined) reasons.push('output_link_not_allowed')
  if (contract.confidence) {
    const sure = confidenceIn(value, contract.confidence.path)
    if (sure === undefined || sure < contract.confidence.min) reasons.push('confidence_low')
  }
  return reasons
}

/** How sure a model says it is, from 0 to 1; `undefined` where it does not say, or nobody wants to know. */
export function confidenceOf({ confidence }: CompiledContract, text: string): number | undefined {
  return confidence && confidenceIn(jsonOf(text), confidence.path)
}

function confidenceIn(value: Json | undefined, path: readonly string[]): number | undefined {
  const sure = valueAt(value, path)
  return typeof sure === 'number' && sure >= 0 && sure <= 1 ? sure : undefined
}

function jsonOf(text: string): Json | undefined {
  try {
    return parseJson(text)
  } catch (error) {
    if (isGatewayError(error)) return undefined
    throw error
  }
}
