import { defineFormat, JSON_RECORD_BYTES_MAX, type FormatContext } from '../../define-format.ts'
import { jsonLine } from '../../json-line.ts'
import type { EventType, SecurityEvent } from '../../security-event.ts'

/** ECS fields `event.category` and `event.type` by what an event is about; allowed values are fixed by ECS. */
const CATEGORIES = {
  decision: { action: 'tool-call', category: ['api'], type: ['access'] },
  evaluation: { action: 'tool-call-evaluation', category: ['api'], type: ['info'] },
  outcome: { action: 'tool-call-outcome', category: ['api'], type: ['access', 'end'] },
  unknown: { action: 'tool-call-lost', category: ['api'], type: ['error'] },
  refusal: { action: 'request-refused', category: ['api', 'authentication'], type: ['access', 'denied'] },
  detection: { action: 'detection', category: ['threat', 'intrusion_detection'], type: ['indicator'] },
  alert: { action: 'alert', category: ['threat', 'intrusion_detection'], type: ['indicator'] },
  isolation: { action: 'kill-switch', category: ['process', 'configuration'], type: ['change', 'end'] },
  policy: { action: 'config-change', category: ['configuration'], type: ['change', 'admin'] },
  access: { action: 'access-change', category: ['iam'], type: ['admin', 'change'] },
  lifecycle: { action: 'lifecycle', category: ['process'], type: ['info'] },
  admin: { action: 'admin', category: ['iam'], type: ['admin', 'info'] },
} as const satisfies Record<EventType, { action: string; category: readonly string[]; type: readonly string[] }>

/** Elastic's own scale for `event.severity` is free; these are the levels its detection rules use. */
const SEVERITIES = { info: 0, low: 21, medium: 47, high: 73, critical: 99 } as const

/** Elastic Common Schema 9.4. @see https://www.elastic.co/docs/reference/ecs */
export const ecs = defineFormat({
  id: 'ecs',
  mediaType: 'application/json',
  bytesMax: JSON_RECORD_BYTES_MAX,
  format: (event, context) => jsonLine(record(event, context)),
})

function record(event: SecurityEvent, context: FormatContext): object {
  const { actor, agent, onBehalfOf, session, action, call, trace, verdict, content } = event
  return {
    '@timestamp': event.time,
    ecs: { version: '9.4.0' },
    message: messageOf(event),
    event: eventFields(event),
    observer: {
      vendor: 'Sallyport',
      product: 'Sallyport',
      type: 'gateway',
      version: context.productVersion,
      hostname: context.host,
    },
    user: onBehalfOf === undefined ? { id: actor.id } : { id: onBehalfOf.user, domain: onBehalfOf.issuer },
    ...(verdict && { rule: { id: verdict.rule, name: verdict.reasons[0], version: verdict.policyVersion, ruleset: 'manifest' } }),
    ...(event.alert && { rule: { id: event.alert.rule, category: event.alert.class, description: event.alert.message } }),
    ...(agent !== undefined && {
      gen_ai: {
        agent: { id: agent },
        ...(session !== undefined && { conversation: { id: session } }),
        ...(action?.kind === 'tool.call' && {
          operation: { name: 'execute_tool' },
          tool: { name: action.name, call: { id: call?.id } },
        }),
      },
    }),
    ...(trace && { trace: { id: trace.traceId }, span: { id: trace.spanId } }),
    ...(action?.server !== undefined && { service: { target: { name: action.server, type: 'mcp' } } }),
    sallyport: { ...own(event), content },
  }
}

/** Members without an ECS field, under a name of our own. */
function own(event: SecurityEvent): object {
  const {
    part,
    priority,
    task,
    purpose,
    subject,
    classes,
    replica,
    action,
    call,
    verdict,
    outcome,
    findings,
    source,
    admin,
    refusal,
    alert,
    trace,
  } = event
  const { origin, index, leafHash } = event.log
  return {
    log: { origin, index, leaf_hash: leafHash },
    kind: event.kind,
    part,
    priority,
    task,
    purpose,
    subject,
    classes,
    replica,
    actor: event.actor,
    action,
    call,
    verdict,
    outcome,
    findings,
    source,
    // As text: the members of a detail differ from verb to verb, and an index has one type for each field.
    ...(admin && { admin: { ...admin, detail: JSON.stringify(admin.detail) } }),
    refusal,
    alert,
    caller_traceparent: trace?.link,
  }
}

function eventFields(event: SecurityEvent): object {
  const { action, category, type } = CATEGORIES[event.type]
  const { verdict, outcome, admin, refusal } = event
  const isAlert = event.type === 'detection' || event.type === 'alert'
  const allowed = verdict && (verdict.enforced === 'allow' ? 'allowed' : 'denied')
  return {
    id: event.id,
    kind: isAlert ? 'alert' : 'event',
    category,
    type: allowed === undefined ? type : [...type, allowed],
    action: admin?.verb ?? action,
    outcome: outcomeOf(event),
    code: event.kind,
    reason: verdict?.reasons[0] ?? outcome?.code ?? refusal?.code ?? admin?.code,
    severity: SEVERITIES[event.severity],
    ...(isAlert && { risk_score: SEVERITIES[event.severity] }),
    sequence: event.log.index,
    hash: event.log.leafHash,
    provider: 'sallyport',
    dataset: 'sallyport.audit',
    module: 'sallyport',
    // ECS counts in nanoseconds.
    ...(outcome && { duration: Math.round(outcome.durationMs * 1_000_000) }),
  }
}

function outcomeOf({ type, verdict, outcome, admin, refusal }: SecurityEvent): 'success' | 'failure' | 'unknown' {
  if (verdict) return verdict.enforced === 'allow' ? 'success' : 'failure'
  if (outcome) return outcome.status === 'success' || outcome.status === 'input_required' ? 'success' : 'failure'
  if (refusal) return 'failure'
  if (admin && type !== 'detection') return admin.outcome === 'done' ? 'success' : 'failure'
  return 'unknown'
}

function messageOf({ kind, agent, action, admin, alert, log }: SecurityEvent): string {
  const what =
    alert?.message ??
    [admin?.verb ?? action?.name ?? action?.kind, admin?.target ?? agent].filter((word) => word !== undefined).join(' ')
  return `${kind} ${what} (entry ${log.index})`
}
