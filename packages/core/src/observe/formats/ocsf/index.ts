import { defineFormat, JSON_RECORD_BYTES_MAX, type FormatContext } from '../../define-format.ts'
import { jsonLine } from '../../json-line.ts'
import type { SecurityEvent } from '../../security-event.ts'
import { apiActivity } from './api-activity.ts'
import { detectionFinding } from './detection-finding.ts'
import { managed } from './managed.ts'
import type { OcsfClass } from './ocsf-class.ts'

const SEVERITY_IDS = { info: 1, low: 2, medium: 3, high: 4, critical: 5 } as const

/** OCSF 1.8.0. @see https://schema.ocsf.io/1.8.0 */
export const ocsf = defineFormat({
  id: 'ocsf',
  mediaType: 'application/json',
  bytesMax: JSON_RECORD_BYTES_MAX,
  format: (event, context) => jsonLine(common(event, classOf(event), context)),
})

function classOf(event: SecurityEvent): OcsfClass {
  switch (event.type) {
    case 'decision':
    case 'evaluation':
    case 'outcome':
    case 'unknown':
    case 'refusal':
      return apiActivity(event)
    case 'detection':
    case 'alert':
      return detectionFinding(event)
    case 'isolation':
    case 'policy':
    case 'access':
    case 'admin':
    case 'lifecycle':
      return managed(event)
  }
}

function common(event: SecurityEvent, of: OcsfClass, context: FormatContext): object {
  return {
    category_uid: of.category,
    class_uid: of.classUid,
    activity_id: of.activity,
    ...(of.activityName !== undefined && { activity_name: of.activityName }),
    type_uid: of.classUid * 100 + of.activity,
    severity_id: SEVERITY_IDS[event.severity],
    time: event.timeMs,
    metadata: {
      version: '1.8.0',
      uid: event.id,
      sequence: event.log.index,
      log_name: event.log.origin,
      log_provider: 'sallyport',
      event_code: event.kind,
      correlation_uid: event.call?.id,
      product: { name: 'Sallyport', vendor_name: 'Sallyport', version: context.productVersion },
      profiles: of.profiles,
    },
    raw_data_hash: { algorithm_id: 3, algorithm: 'SHA-256', value: event.log.leafHash },
    ...of.members,
    unmapped: { sallyport: unmapped(event) },
  }
}

/** What OCSF 1.8 has no member for. */
function unmapped(event: SecurityEvent): object {
  const { task, purpose, subject, classes, onBehalfOf, action, verdict, outcome, content, refusal, admin, alert, trace, replica } =
    event
  return {
    // RFC 6962 puts a zero byte before the entry: the hash is of the leaf, not of the bytes alone.
    leaf_hash: event.log.leafHash,
    part: event.part,
    priority: event.priority,
    task,
    purpose,
    subject,
    ...(classes.length > 0 && { classes }),
    on_behalf_of: onBehalfOf,
    action,
    verdict,
    outcome,
    content,
    refusal,
    admin,
    alert,
    replica,
    caller_traceparent: trace?.link,
  }
}
