import { ERRORS, type Foreseen, type GatewayError, type JsonObject } from '@sallyport/core'

/** One answer: what `decide` said, in the words agents get of a call that is refused. */
export function encodeForeseen(foreseen: Foreseen, approvalUrl?: (id: string) => string): JsonObject {
  const { effect, entry, reasons, details, obligations, retryAfterMs, exhausted, waiting } = foreseen
  if (effect === 'allow')
    return { decision: true, context: { effect, entry, reasons, ...(obligations.length > 0 && { obligations }) } }
  const url = waiting && approvalUrl?.(waiting.id)
  return {
    decision: false,
    context: {
      effect,
      entry,
      reasons,
      ...(details.length > 0 && { details }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(exhausted && { exhausted: { ...exhausted } }),
      ...(waiting && {
        approval: { status: 'pending_approval', id: waiting.id, expiresMs: waiting.expiresMs, ...(url && { url }) },
      }),
    },
  }
}

/** One evaluation of several that could not be made. Closed, as the specification wants it. */
export function encodeFault({ code, message }: GatewayError): JsonObject {
  return { decision: false, context: { error: { status: ERRORS[code].http, message, code } } }
}
