import type { FormatContext } from '../../define-format.ts'
import type { SecurityEvent } from '../../security-event.ts'
import { CONVENTIONS } from './conventions.ts'

type Value = string | number | boolean | readonly string[] | undefined

/** Attributes as OTLP/JSON writes them: 64-bit integers are strings. @see opentelemetry-proto, common/v1 */
export function attributes(values: Readonly<Record<string, Value>>): object[] {
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]))
}

function anyValue(value: Exclude<Value, undefined>): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } }
}

const NANOS_PER_MS = 1_000_000n

/** `fixed64` as OTLP/JSON writes it: a decimal string. */
export function nanos(timeMs: number): string {
  return String(BigInt(Math.max(0, Math.round(timeMs * 1_000))) * (NANOS_PER_MS / 1_000n))
}

/** What a span and a log record of an event have in common. */
export function eventAttributes(event: SecurityEvent, { conventions }: FormatContext): object[] {
  const name = CONVENTIONS[conventions]
  const { action, call, verdict, outcome, admin, refusal, alert, findings, log } = event
  const isTool = action?.kind === 'tool.call'
  return attributes({
    'sallyport.audit.index': log.index,
    'sallyport.audit.origin': log.origin,
    'sallyport.audit.leaf_hash': log.leafHash,
    'sallyport.audit.event': event.id,
    'sallyport.kind': event.kind,
    'sallyport.severity': event.severity,
    'sallyport.priority': event.priority,
    'sallyport.actor.type': event.actor.type,
    'sallyport.actor.id': event.actor.id,
    [name.operation]: isTool ? name.executeTool : undefined,
    [name.toolName]: isTool ? action.name : undefined,
    [name.toolCallId]: isTool ? call?.id : undefined,
    [name.mcpMethod]: action && methodOf(action.kind),
    [name.mcpResource]: action?.kind === 'resource.read' ? action.name : undefined,
    [name.agentId]: event.agent,
    [name.conversationId]: event.session,
    [name.errorType]: errorOf(event),
    'sallyport.server': action?.server,
    'sallyport.task': event.task,
    'sallyport.user.id': event.onBehalfOf?.user,
    'sallyport.user.issuer': event.onBehalfOf?.issuer,
    'sallyport.data.classes': event.classes.length > 0 ? event.classes : undefined,
    'sallyport.decision.evaluated': verdict?.evaluated,
    'sallyport.decision.enforced': verdict?.enforced,
    'sallyport.decision.reasons': verdict?.reasons,
    'sallyport.policy.id': verdict?.rule,
    'sallyport.policy.version': verdict?.policyVersion,
    'sallyport.outcome.status': outcome?.status,
    'sallyport.outcome.bytes': outcome?.bytes,
    'sallyport.refusal.code': refusal?.code,
    'sallyport.admin.verb': admin?.verb,
    'sallyport.admin.target': admin?.target,
    'sallyport.admin.outcome': admin?.outcome,
    'sallyport.admin.detail': admin && JSON.stringify(admin.detail),
    'sallyport.findings':
      findings.length > 0 ? findings.map(({ detector, code, severity }) => `${detector}/${code}/${severity}`) : undefined,
    'sallyport.source.channel': event.source?.channel,
    'sallyport.source.trust': event.source?.trust,
    'sallyport.alert.rule': alert?.rule,
    'sallyport.alert.class': alert?.class,
    'sallyport.alert.message': alert?.message,
  })
}

/** Low-cardinality reason of a failure; `undefined` for what went well. */
export function errorOf({ verdict, outcome, refusal }: SecurityEvent): string | undefined {
  if (verdict) return verdict.enforced === 'allow' ? undefined : verdict.enforced === 'deny' ? 'policy_denied' : 'approval_required'
  if (outcome) return outcome.status === 'success' || outcome.status === 'input_required' ? undefined : outcome.status
  return refusal?.code
}

const METHODS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'session.open': 'initialize',
    'tool.list': 'tools/list',
    'tool.call': 'tools/call',
    'resource.list': 'resources/list',
    'resource.read': 'resources/read',
    'resource.subscribe': 'resources/subscribe',
    'prompt.list': 'prompts/list',
    'prompt.get': 'prompts/get',
    complete: 'completion/complete',
  }),
)

export function methodOf(kind: string): string {
  return METHODS.get(kind) ?? kind
}
