import type { SecurityEvent } from '../../security-event.ts'
import { actorMembers } from './actors.ts'
import type { OcsfClass } from './ocsf-class.ts'

const SUCCESS = 1
const FAILURE = 2
const OTHER = 99
const POLICY = 5
const USER = 2
const START = 3
const STOP = 4

/** Entity Management activities by the last word of a verb. */
const ACTIVITIES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    create: 1,
    exchange: 1,
    list: 2,
    show: 2,
    read: 2,
    tail: 2,
    follow: 2,
    status: 2,
    verify: 2,
    prove: 2,
    export: 2,
    approve: 3,
    rotate: 3,
    sign: 10,
    signed: 10,
    loaded: 10,
    revoke: 4,
    removed: 4,
    isolate: 12,
    release: 13,
  }),
)

/** Acts on the gateway's own state: Authorize Session [3003], Application Lifecycle [6002], else Entity Management [3004]. */
export function managed(event: SecurityEvent): OcsfClass {
  const { admin } = event
  const verb = admin?.verb ?? event.kind
  const outcome = {
    status_id: admin?.outcome === 'refused' ? FAILURE : SUCCESS,
    status_code: admin?.code,
    message: [verb, admin?.target].filter((word) => word !== undefined).join(' '),
  }
  if (event.type === 'lifecycle') {
    const members = { ...outcome, app: { name: 'Sallyport', uid: 'sallyport' } }
    return { category: 6, classUid: 6002, activity: verb === 'gateway.stop' ? STOP : START, profiles: [], members }
  }
  if (verb.startsWith('session.') && admin?.outcome === 'done') return authorizeSession(event, outcome)
  const activity = ACTIVITIES.get(verb.split('.').at(-1) ?? '') ?? OTHER
  return {
    category: 3,
    classUid: 3004,
    activity,
    ...(activity === OTHER && { activityName: verb }),
    profiles: [],
    members: {
      ...actorMembers(event),
      ...outcome,
      ...(typeof admin?.detail['reason'] === 'string' && { comment: admin.detail['reason'] }),
      entity: entityOf(event, verb),
    },
  }
}

function authorizeSession(event: SecurityEvent, outcome: object): OcsfClass {
  const { target, detail = {} } = event.admin ?? {}
  const members = {
    ...actorMembers(event),
    ...outcome,
    user: { uid: target ?? 'unknown', type_id: 4 },
    privileges: [`task:${word(detail['task'])}`],
    ...(typeof detail['session'] === 'string' && { session: { uid: detail['session'] } }),
  }
  return { category: 3, classUid: 3003, activity: 1, profiles: [], members }
}

function entityOf({ type, admin }: SecurityEvent, verb: string): object {
  const uid = admin?.target ?? verb
  if (type === 'policy') return { type_id: POLICY, uid, policy: { name: verb, uid }, data: admin?.detail }
  if (verb.startsWith('user.')) return { type_id: USER, uid, user: { uid } }
  return {
    type_id: OTHER,
    type: verb === 'isolate' || verb === 'release' || verb.startsWith('agent.') ? 'AI Agent' : 'Gateway',
    uid,
    name: uid,
    data: admin?.detail,
  }
}

function word(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown'
}
