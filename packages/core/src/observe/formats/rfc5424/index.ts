import { defineFormat } from '../../define-format.ts'
import { plainText } from '../../json-line.ts'
import type { EventType, SecurityEvent } from '../../security-event.ts'

/** Receivers must take 480 bytes and should take 2,048 (RFC 5424, section 6.1); what does not fit is in the other formats. */
const MESSAGE_BYTES_MAX = 2_048
/** Longest value of one parameter, in UTF-16 units before escaping. */
const VALUE_CHARS_MAX = 128
const HOST_CHARS_MAX = 255

/** Facility 13, log audit. */
const FACILITY = 13
const SEVERITIES = { info: 6, low: 5, medium: 4, high: 3, critical: 2 } as const

const MESSAGE_IDS = {
  decision: 'tool.decision',
  evaluation: 'tool.evaluation',
  outcome: 'tool.outcome',
  unknown: 'tool.unknown',
  refusal: 'request.refused',
  detection: 'detection',
  alert: 'alert',
  isolation: 'killswitch',
  policy: 'config.changed',
  access: 'access.changed',
  lifecycle: 'lifecycle',
  admin: 'admin',
} as const satisfies Record<EventType, string>

/** Syslog as RFC 5424 writes it, without framing: the transport adds that (RFC 5425 octet counting). */
export const rfc5424 = defineFormat({
  id: 'rfc5424',
  mediaType: 'text/plain; charset=utf-8',
  bytesMax: MESSAGE_BYTES_MAX,
  format: (event, context) => {
    const priority = FACILITY * 8 + SEVERITIES[event.severity]
    const header = `<${priority}>1 ${event.time} ${hostName(context.host)} sallyport - ${MESSAGE_IDS[event.type]} `
    const open = `[sallyport@${context.enterpriseNumber}`
    let text = header + open
    let bytes = utf8Bytes(text) + 1
    for (const [name, value] of parametersOf(event)) {
      if (value === undefined) continue
      const parameter = ` ${name}="${parameterText(value)}"`
      const more = utf8Bytes(parameter)
      if (bytes + more > MESSAGE_BYTES_MAX) continue
      text += parameter
      bytes += more
    }
    return `${text}]`
  },
})

/** Most telling first: what no longer fits is left out. */
function parametersOf(event: SecurityEvent): readonly (readonly [string, string | undefined])[] {
  const { log, action, verdict, outcome, trace, admin, refusal, alert, findings } = event
  return [
    ['id', event.id],
    ['idx', String(log.index)],
    ['origin', log.origin],
    ['hash', log.leafHash],
    ['kind', event.kind],
    ['severity', event.severity],
    ['verdict', verdict?.enforced ?? outcome?.status ?? admin?.outcome],
    ['agent', event.agent],
    ['actor', event.actor.id],
    ['tool', action?.name ?? action?.kind],
    ['server', action?.server],
    ['verb', admin?.verb],
    ['target', admin?.target],
    ['reason', verdict?.reasons.join(',') ?? outcome?.code ?? refusal?.code ?? admin?.code],
    ['rule', alert?.rule ?? verdict?.rule],
    ['class', alert?.class],
    ['msg', alert?.message],
    ['ver', verdict?.policyVersion],
    ['call', event.call?.id],
    ['finding', findings.map(({ detector, code }) => `${detector}/${code}`).join(',') || undefined],
    ['source', event.source && `${event.source.channel}/${event.source.trust}`],
    ['user', event.onBehalfOf?.user],
    ['trace', trace?.traceId],
  ]
}

/** PRINTUSASCII, or the nil value. */
function hostName(host: string): string {
  return host.replaceAll(/[^\x21-\x7e]/g, '').slice(0, HOST_CHARS_MAX) || '-'
}

/** RFC 5424, section 6.3.3: the quote, the backslash and the closing bracket are escaped. */
function parameterText(text: string): string {
  return plainText(text.slice(0, VALUE_CHARS_MAX).toWellFormed()).replaceAll(/["\\\]]/g, String.raw`\$&`)
}

/** Length in UTF-8 of well-formed text. */
function utf8Bytes(text: string): number {
  let bytes = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
