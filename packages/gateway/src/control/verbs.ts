import { agentCreate, agentList, agentRevoke, agentRotate } from './agents.ts'
import { auditExport, auditProve, auditRead, auditTail, auditVerify } from './audit.ts'
import type { Verb } from './define-verb.ts'
import { isolate, release } from './isolation.ts'
import { manifestCheck, manifestDiff, manifestShow, manifestSign } from './manifests.ts'
import { manifestReach } from './reach.ts'
import { sessionCreate } from './sessions.ts'
import { status } from './status.ts'
import { toolsApprove, toolsDiff, toolsList } from './tools.ts'
import { manifestUnused } from './unused.ts'
import { userCreate, userList } from './users.ts'

/** Every verb of the control plane. */
export const VERBS = {
  'agent.create': agentCreate,
  'agent.list': agentList,
  'agent.revoke': agentRevoke,
  'agent.rotate': agentRotate,
  'audit.export': auditExport,
  'audit.prove': auditProve,
  'audit.read': auditRead,
  'audit.tail': auditTail,
  'audit.verify': auditVerify,
  isolate,
  'manifest.check': manifestCheck,
  'manifest.diff': manifestDiff,
  'manifest.reach': manifestReach,
  'manifest.show': manifestShow,
  'manifest.sign': manifestSign,
  'manifest.unused': manifestUnused,
  release,
  'session.create': sessionCreate,
  status,
  'tools.approve': toolsApprove,
  'tools.diff': toolsDiff,
  'tools.list': toolsList,
  'user.create': userCreate,
  'user.list': userList,
} as const
export type VerbName = keyof typeof VERBS

/** The same list for code that treats all verbs alike. */
export function findVerb(name: string): Verb | undefined {
  return Object.hasOwn(VERBS, name) ? (VERBS[name as VerbName] as unknown as Verb) : undefined
}
