import { defineFormat, type FormatContext } from '../../define-format.ts'
import { plainText } from '../../json-line.ts'
import type { EventType, SecurityEvent } from '../../security-event.ts'

/** Longest value of one extension key, in UTF-16 units before escaping. */
const VALUE_CHARS_MAX = 255
const RECORD_BYTES_MAX = 32_768

const SIGNATURES = {
  decision: ['TOOL_DECISION', 'Tool call decided'],
  evaluation: ['TOOL_EVALUATION', 'Tool call evaluated, not made'],
  outcome: ['TOOL_OUTCOME', 'Tool call finished'],
  unknown: ['TOOL_UNKNOWN', 'Outcome of a tool call lost'],
  refusal: ['REQUEST_REFUSED', 'Request refused'],
  detection: ['INJECTION', 'Detection'],
  alert: ['ALERT', 'Alert'],
  isolation: ['KILL_SWITCH', 'Kill switch'],
  policy: ['CONFIG_CHANGE', 'Configuration changed'],
  access: ['ACCESS_CHANGE', 'Access changed'],
  lifecycle: ['LIFECYCLE', 'Gateway started or stopped'],
  admin: ['ADMIN', 'Administration'],
} as const satisfies Record<EventType, readonly [string, string]>

/** OCSF severities 1 to 5 on the scale of CEF. */
const SEVERITIES = { info: 1, low: 3, medium: 5, high: 8, critical: 10 } as const

/** ArcSight Common Event Format 0 (implementation standard, version 27). */
export const cef = defineFormat({
  id: 'cef',
  mediaType: 'text/plain; charset=utf-8',
  bytesMax: RECORD_BYTES_MAX,
  format: (event, context) => {
    const [signature, name] = SIGNATURES[event.type]
    const header = ['CEF:0', 'Sallyport', 'Sallyport', context.productVersion, signature, name, String(SEVERITIES[event.severity])]
    return `${header.map(headerText).join('|')}|${extension(event, context)}`
  },
})

function extension(event: SecurityEvent, context: FormatContext): string {
  return Object.entries(fieldsOf(event, context))
    .filter((pair): pair is [string, string | number] => pair[1] !== undefined)
    .map(([key, value]) => `${key}=${extensionText(String(value))}`)
    .join(' ')
}

function fieldsOf(event: SecurityEvent, context: FormatContext): Record<string, string | number | undefined> {
  const { actor, agent, onBehalfOf, action, call, trace, verdict, outcome, admin, refusal, findings, alert } = event
  const [first] = findings
  return {
    rt: event.timeMs,
    dvchost: context.host,
    externalId: event.id,
    cat: first ? `${first.detector}/${first.code}` : (alert?.class ?? event.kind),
    act: actOf(event),
    outcome: outcome?.status ?? admin?.outcome,
    reason: verdict?.reasons.join(',') ?? outcome?.code ?? refusal?.code ?? admin?.code,
    suser: onBehalfOf?.user ?? (actor.type === 'user' ? actor.id : undefined),
    suid: actor.id,
    duser: admin?.target ?? alert?.agent,
    request: action?.name ?? action?.kind,
    app: action === undefined ? undefined : 'mcp',
    dhost: action?.server,
    msg: alert?.message,
    cnt: alert?.count,
    fileHash: event.log.leafHash,
    ...labelled('cn1', 'leafIndex', event.log.index),
    ...labelled('cn2', 'priority', event.priority),
    ...labelled('cs1', 'policyVersion', verdict?.policyVersion),
    ...labelled('cs2', 'agentId', agent),
    ...labelled('cs3', 'traceId', trace?.traceId),
    ...labelled('cs4', 'logOrigin', event.log.origin),
    ...labelled('cs5', 'callId', call?.id),
    ...labelled('cs6', 'rule', alert?.rule ?? verdict?.rule),
    // All six cs slots are in use.
    ...labelled('flexString1', 'verb', admin?.verb),
    ...labelled('flexString2', 'source', event.source && `${event.source.channel}/${event.source.trust}`),
  }
}

function actOf({ verdict, outcome, admin, findings }: SecurityEvent): string | undefined {
  if (admin?.verb === 'isolate') return 'suspend'
  if (admin?.verb === 'release') return 'resume'
  if (findings.length > 0) return 'detect'
  return verdict?.enforced ?? (outcome?.status === 'withheld' ? 'withhold' : undefined) ?? admin?.verb
}

function labelled(slot: string, label: string, value: string | number | undefined): Record<string, string | number> {
  return value === undefined ? {} : { [slot]: value, [`${slot}Label`]: label }
}

/** Header fields escape the bar and the backslash and hold no line break. */
function headerText(text: string): string {
  return plainText(text).replaceAll(/[|\\]/g, String.raw`\$&`)
}

/** Extension values escape the equals sign, the backslash and line breaks. */
function extensionText(text: string): string {
  const escaped = text
    .slice(0, VALUE_CHARS_MAX)
    .toWellFormed()
    .replaceAll(/[=\\]/g, String.raw`\$&`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\r', String.raw`\r`)
  return plainText(escaped)
}
