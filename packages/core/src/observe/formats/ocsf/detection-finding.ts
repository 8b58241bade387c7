import type { SecurityEvent } from '../../security-event.ts'
import { actorMembers } from './actors.ts'
import type { OcsfClass } from './ocsf-class.ts'

const CREATE = 1
const NEW = 1
const RULE = 1
const DETECTED = { action_id: 3, disposition_id: 15 }

/** ATLAS techniques that findings of a detector point to. @see https://atlas.mitre.org */
const TECHNIQUES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'hidden-text': 'AML.T0051.001',
    'tool-poisoning': 'AML.T0051.001',
    ngram: 'AML.T0051',
    transformer: 'AML.T0051',
    'role-reassignment': 'AML.T0054',
    'instruction-override': 'AML.T0051',
    'boundary-markers': 'AML.T0051',
    'tool-imperatives': 'AML.T0051.001',
    'encoded-instructions': 'AML.T0051.001',
    'exfiltration-requests': 'AML.T0057',
    exfiltration: 'AML.T0057',
    canary: 'AML.T0057',
  }),
)
const ATLAS_VERSION = '5.6.1'

/** Detection Finding [2004]: what detectors saw, troubles of the record itself, and alerts. */
export function detectionFinding(event: SecurityEvent): OcsfClass {
  const { findings, alert, admin, action, severity } = event
  const [first] = findings
  const analytic = alert?.rule ?? first?.detector ?? admin?.verb ?? event.kind
  const attacks = [...new Set(findings.map(({ detector }) => TECHNIQUES.get(detector)).filter((id) => id !== undefined))]
  return {
    category: 2,
    classUid: 2004,
    activity: CREATE,
    profiles: ['security_control'],
    members: {
      ...DETECTED,
      status_id: NEW,
      is_alert: alert !== undefined || severity === 'high' || severity === 'critical',
      message: alert?.message ?? `${event.kind} in entry ${event.log.index}`,
      finding_info: {
        uid: event.id,
        title: alert?.message ?? (first ? `${first.detector}: ${first.code}` : (admin?.verb ?? event.kind)),
        types: alert ? [`${alert.class} alert`] : [event.kind],
        analytic: { name: analytic, uid: analytic, type_id: RULE },
        ...(attacks.length > 0 && { attacks: attacks.map((uid) => ({ technique: { uid }, version: ATLAS_VERSION })) }),
        created_time: event.timeMs,
      },
      evidences: [
        {
          ...actorMembers(event),
          ...(action !== undefined && {
            api: {
              operation: action.name ?? action.kind,
              ...(action.server !== undefined && { service: { name: action.server } }),
            },
          }),
          data: { index: event.log.index, findings, source: event.source, detail: admin?.detail },
        },
      ],
    },
  }
}
