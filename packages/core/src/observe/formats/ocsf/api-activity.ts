import type { SecurityEvent } from '../../security-event.ts'
import { actorMembers, controlMembers, traceMembers } from './actors.ts'
import type { OcsfClass } from './ocsf-class.ts'

const READ = 2
const OTHER = 99
const SUCCESS = 1
const FAILURE = 2
const NAMES: Readonly<Partial<Record<SecurityEvent['type'], string>>> = {
  outcome: 'Call completed',
  unknown: 'Call lost',
  evaluation: 'Call evaluated',
}

/** API Activity [6003]: decisions and outcomes of acts, acts whose outcome was lost, and messages that never became an act. */
export function apiActivity(event: SecurityEvent): OcsfClass {
  const { action, outcome, verdict, refusal, call } = event
  const isRead = action !== undefined && action.kind !== 'tool.call' && action.kind !== 'session.open'
  const control = controlMembers(event)
  return {
    category: 6,
    classUid: 6003,
    activity: isRead ? READ : OTHER,
    ...(!isRead && { activityName: NAMES[event.type] ?? 'Call' }),
    profiles: ['trace', ...(control === undefined ? [] : ['security_control'])],
    members: {
      ...actorMembers(event),
      ...traceMembers(event),
      ...control,
      api: {
        operation: action?.name ?? action?.kind ?? 'unknown',
        ...(action?.server !== undefined && { service: { name: action.server } }),
        ...(call !== undefined && { request: { uid: call.id } }),
        ...(outcome !== undefined && { response: { code: 0, error: outcome.code, message: outcome.status } }),
      },
      // Required by the class; agents are known by their credential and not by their address.
      src_endpoint: { name: event.agent ?? event.actor.id },
      ...(action?.server !== undefined && { dst_endpoint: { svc_name: action.server } }),
      ...statusOf(event),
      status_code: outcome?.code ?? outcome?.reasons[0] ?? verdict?.reasons[0] ?? refusal?.code,
      ...(refusal !== undefined && { status_detail: refusal.detail }),
      ...(outcome !== undefined && { duration: Math.round(outcome.durationMs) }),
    },
  }
}

function statusOf({ type, outcome, verdict }: SecurityEvent): object {
  if (type === 'unknown') return { status_id: 0 }
  const failed =
    outcome === undefined ? verdict?.enforced !== 'allow' : outcome.status !== 'success' && outcome.status !== 'input_required'
  return { status_id: failed ? FAILURE : SUCCESS }
}
