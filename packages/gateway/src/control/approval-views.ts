import {
  type ApprovalRecord,
  type ApprovalView,
  approvalView,
  type Approver,
  GatewayError,
  type JsonObject,
  standsForAt,
} from '@sallyport/core'
import { keptArguments } from '../kept-arguments.ts'
import type { UserRecord } from '../state-records.ts'
import type { ControlDeps } from './define-verb.ts'
import { requireVault } from './quarantine.ts'

/** @throws GatewayError `NOT_FOUND` */
export function requireRequest({ state }: Pick<ControlDeps, 'state'>, id: string): ApprovalRecord {
  const record = state.approval(id)
  if (!record) throw new GatewayError('NOT_FOUND', 'no such request; see "approvals list"')
  return record
}

/**
 * What people are shown of a request.
 * @throws GatewayError `CONTENT_ERASED`, `VAULT_UNAVAILABLE`: what nobody can look at, nobody approves
 */
export async function viewOf(deps: ControlDeps, record: ApprovalRecord): Promise<ApprovalView> {
  const { entry, args } = await argumentsOf(deps, record)
  const before = await lastApproved(deps, record)
  return approvalView({ record, entry, args, ...(before && { before }) })
}

/** The arguments themselves, and the decision that asked. @throws as `viewOf` */
export function argumentsOf(deps: ControlDeps, record: ApprovalRecord): ReturnType<typeof keptArguments> {
  return keptArguments({ audit: deps.audit, vault: { read: (...which) => requireVault(deps).read(...which) } }, record)
}

/** Arguments of the newest call of the same tool that was approved before this one was asked about, so that a view stays what it is. */
async function lastApproved(deps: ControlDeps, record: ApprovalRecord): Promise<JsonObject | undefined> {
  const { agent, action, askedMs } = record
  const last = deps.state
    .approvals()
    .findLast(
      (one) =>
        one.state === 'consumed' &&
        one.agent === agent &&
        one.action.server === action.server &&
        one.action.name === action.name &&
        (one.endedMs ?? Infinity) <= askedMs,
    )
  if (!last) return undefined
  return argumentsOf(deps, last).then(
    ({ args }) => args,
    () => undefined,
  )
}

/** A person with those in whose place they may decide now: as those are today, or not at all. */
export function approverOf({ state }: Pick<ControlDeps, 'state'>, { id, roles }: UserRecord, nowMs: number): Approver {
  const standsFor = standsForAt(state.delegations(), id, nowMs).flatMap((from) => {
    const user = state.user(from)
    return user && user.disabledMs === undefined ? [{ id: user.id, roles: user.roles }] : []
  })
  return { id, roles, standsFor }
}
