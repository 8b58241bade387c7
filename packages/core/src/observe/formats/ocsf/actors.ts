import type { SecurityEvent } from '../../security-event.ts'

const USER_TYPE_IDS = { agent: 4, user: 1, system: 3, unverified: 0 } as const

/** The person an act is done for, and the agent that acts as an application (`ai_agent` comes with OCSF 1.9). */
export function actorMembers(event: SecurityEvent): object {
  const { actor, agent, onBehalfOf, session } = event
  const user =
    onBehalfOf === undefined
      ? { uid: actor.id, type_id: USER_TYPE_IDS[actor.type], credential_uid: actor.credential }
      : { uid: onBehalfOf.user, domain: onBehalfOf.issuer, type_id: USER_TYPE_IDS.user }
  return {
    actor: {
      user,
      ...(agent !== undefined && { app_uid: agent, app_name: agent }),
      ...(session !== undefined && { session: { uid: session } }),
    },
  }
}

/** The trace profile: our own ids. */
export function traceMembers(event: SecurityEvent): object {
  const { trace, timeMs, outcome } = event
  if (trace === undefined) return {}
  const startMs = timeMs - Math.max(0, Math.round(outcome?.durationMs ?? 0))
  return { trace: { uid: trace.traceId, span: { uid: trace.spanId, start_time: startMs, end_time: timeMs } } }
}

/** What was decided, in the words of the security_control profile; `undefined` where the event decides nothing. */
export function controlMembers({ verdict, outcome, agent, refusal }: SecurityEvent): object | undefined {
  if (refusal !== undefined) return { action_id: 2, disposition_id: 2 }
  if (outcome?.status === 'withheld') return { action_id: 2, disposition_id: 2 }
  if (outcome !== undefined) return { action_id: 1, disposition_id: 1 }
  if (verdict === undefined) return undefined
  return {
    ...DISPOSITIONS[dispositionOf(verdict)],
    policy: {
      name: `manifest of ${agent ?? ''}`,
      uid: agent,
      version: verdict.policyVersion,
      is_applied: verdict.mode === 'enforce',
    },
    authorizations: [{ decision: verdict.enforced, policy: { name: verdict.rule ?? 'none', type: 'rule' } }],
  }
}

/** 14 Delayed awaits approval, 17 Logged is observe mode, 11 Corrected is reduced to what was granted. */
const DISPOSITIONS = {
  denied: { action_id: 2, disposition_id: 2 },
  held: { action_id: 2, disposition_id: 14 },
  observed: { action_id: 3, disposition_id: 17 },
  reduced: { action_id: 4, disposition_id: 11 },
  allowed: { action_id: 1, disposition_id: 1 },
} as const

function dispositionOf(verdict: NonNullable<SecurityEvent['verdict']>): keyof typeof DISPOSITIONS {
  if (verdict.enforced === 'deny') return 'denied'
  if (verdict.enforced === 'require_approval') return 'held'
  if (verdict.mode === 'observe') return 'observed'
  return verdict.obligations.length > 0 ? 'reduced' : 'allowed'
}
