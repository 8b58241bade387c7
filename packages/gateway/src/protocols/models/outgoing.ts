import type { Candidate, JsonObject, ModelPolicy, Performing, ReasonCode } from '@sallyport/core'
import type { Guard } from '../../guard.ts'
import type { ModelRequest } from './model-request.ts'
import type { PromptInForce } from './prompt-in-force.ts'

/** A request as it leaves, before a candidate's own name for the model is put in. */
export interface Outgoing {
  readonly bodyFor: (candidate: Candidate) => string
  /** What was changed, for the record. */
  readonly reasons: readonly ReasonCode[]
}

/** What leaves: the very bytes that came, unless policy changes something. */
export function outgoing(
  request: ModelRequest,
  { principal, decision, inspected }: Performing,
  { guard, policy, prompt }: { readonly guard: Guard; readonly policy: ModelPolicy; readonly prompt: PromptInForce },
): Outgoing {
  const reasons: ReasonCode[] = []
  let body = request.body
  const redact = decision.obligations.find((one) => one.type === 'redact' && one.mode === 'enforce')
  if (redact?.type === 'redact') {
    body = guard.redact(body, inspected, { principal, cleared: redact.cleared })
    if (body !== request.body) reasons.push('content_redacted')
  }
  if (prompt.system === 'foreign' && policy.systemPrompt === 'demote') {
    body = request.wire.demoted(body)
    reasons.push('system_prompt_demoted')
  }
  const isMissing = prompt.text !== undefined && (prompt.system === 'none' || reasons.includes('system_prompt_demoted'))
  if (isMissing) body = request.wire.withSystem(body, prompt.text ?? '')
  return { reasons, bodyFor: (candidate) => textFor(request, body, candidate) }
}

function textFor({ body: given, raw, ask }: ModelRequest, body: JsonObject, { upstreamModel }: Candidate): string {
  if (upstreamModel !== ask.model) return JSON.stringify({ ...body, model: upstreamModel })
  return body === given ? raw : JSON.stringify(body)
}
