import { agentCreate, agentList, agentRevoke, agentRotate } from './agents.ts'
import { approvalBatch, approvalDecide, approvalList, approvalShow } from './approvals.ts'
import { auditBundle } from './audit-bundle.ts'
import { auditCompleteness, auditConfig } from './audit-completeness.ts'
import { auditKey } from './audit-key.ts'
import { auditSearch } from './audit-search.ts'
import { auditExport, auditProve, auditRead, auditTail, auditVerify } from './audit.ts'
import { contentRead, subjectErase, subjectFind } from './content.ts'
import type { Verb } from './define-verb.ts'
import { delegationCreate, delegationEnd, delegationList } from './delegations.ts'
import { auditFields } from './fields.ts'
import { approvalTest } from './gate-test.ts'
import { guardCanary } from './guard-canary.ts'
import { guardLabel, guardLabels } from './guard-labels.ts'
import { guardStatus } from './guard-status.ts'
import { guardTest } from './guard-test.ts'
import { holdApprove, holdList, holdOpen, holdRelease, holdReview } from './holds.ts'
import { isolate, release } from './isolation.ts'
import { auditFlows, auditLineage } from './lineage.ts'
import { manifestCheck, manifestDiff, manifestShow, manifestSign } from './manifests.ts'
import { me, passkeyAdd, passkeyConfirm, passkeyList, passkeyPrepare, passkeyRevoke, signOut } from './passkeys.ts'
import { approvalPropose } from './propose.ts'
import { quarantineList, quarantineRelease, quarantineRevoke, quarantineShow } from './quarantine.ts'
import { manifestReach } from './reach.ts'
import { manifestReplay } from './replay.ts'
import { retentionPlan, retentionRun } from './retention.ts'
import { sessionConfirm, sessionCreate } from './sessions.ts'
import { sinksReconcile, sinksStatus } from './sinks.ts'
import { status } from './status.ts'
import { toolsApprove, toolsDiff, toolsList } from './tools.ts'
import { manifestUnused } from './unused.ts'
import { userCreate, userLink, userList, userUpdate } from './users.ts'
import { approvalSeed, approvalVigilance } from './vigilance.ts'

/** Every verb of the control plane. */
export const VERBS = {
  'agent.create': agentCreate,
  'agent.list': agentList,
  'agent.revoke': agentRevoke,
  'agent.rotate': agentRotate,
  'approval.batch': approvalBatch,
  'approval.decide': approvalDecide,
  'approval.list': approvalList,
  'approval.propose': approvalPropose,
  'approval.seed': approvalSeed,
  'approval.show': approvalShow,
  'approval.test': approvalTest,
  'approval.vigilance': approvalVigilance,
  'audit.bundle': auditBundle,
  'audit.completeness': auditCompleteness,
  'audit.config': auditConfig,
  'audit.export': auditExport,
  'audit.fields': auditFields,
  'audit.flows': auditFlows,
  'audit.key': auditKey,
  'audit.lineage': auditLineage,
  'audit.prove': auditProve,
  'audit.read': auditRead,
  'audit.search': auditSearch,
  'audit.tail': auditTail,
  'audit.verify': auditVerify,
  'content.read': contentRead,
  'delegation.create': delegationCreate,
  'delegation.end': delegationEnd,
  'delegation.list': delegationList,
  'guard.canary': guardCanary,
  'guard.label': guardLabel,
  'guard.labels': guardLabels,
  'guard.status': guardStatus,
  'guard.test': guardTest,
  'hold.approve': holdApprove,
  'hold.list': holdList,
  'hold.open': holdOpen,
  'hold.release': holdRelease,
  'hold.review': holdReview,
  isolate,
  'manifest.check': manifestCheck,
  'manifest.diff': manifestDiff,
  'manifest.reach': manifestReach,
  'manifest.replay': manifestReplay,
  'manifest.show': manifestShow,
  'manifest.sign': manifestSign,
  'manifest.unused': manifestUnused,
  me,
  'passkey.add': passkeyAdd,
  'passkey.confirm': passkeyConfirm,
  'passkey.list': passkeyList,
  'passkey.prepare': passkeyPrepare,
  'passkey.revoke': passkeyRevoke,
  'quarantine.list': quarantineList,
  'quarantine.release': quarantineRelease,
  'quarantine.revoke': quarantineRevoke,
  'quarantine.show': quarantineShow,
  release,
  'retention.plan': retentionPlan,
  'retention.run': retentionRun,
  'session.confirm': sessionConfirm,
  'session.create': sessionCreate,
  'sign-out': signOut,
  'sinks.reconcile': sinksReconcile,
  'sinks.status': sinksStatus,
  status,
  'subject.erase': subjectErase,
  'subject.find': subjectFind,
  'tools.approve': toolsApprove,
  'tools.diff': toolsDiff,
  'tools.list': toolsList,
  'user.create': userCreate,
  'user.link': userLink,
  'user.list': userList,
  'user.update': userUpdate,
} as const
export type VerbName = keyof typeof VERBS

/** The same list for code that treats all verbs alike. */
export function findVerb(name: string): Verb | undefined {
  return Object.hasOwn(VERBS, name) ? (VERBS[name as VerbName] as unknown as Verb) : undefined
}
