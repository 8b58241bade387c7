import {
  type ApprovalRecord,
  type ApprovalView,
  approvalView,
  type Approver,
  GatewayError,
  type JsonObject,
  shownHash,
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
export async function viewOf(
  deps: ControlDeps,
  record: ApprovalRecord,
): Promise<{ view: ApprovalView; shown: string; args: JsonObject }> {
  const { entry, args } = await argumentsOf(deps, record)
  const before = await lastApproved(deps, record)
  const view = approvalView({ record, entry, args, ...(before && { before }) })
  return { view, shown: shownHash(view), args }
}

/** The same for somebody who says what they saw. @throws GatewayError `CONFLICT` when that is not what there is now */
export async function requireShown(deps: ControlDeps, record: ApprovalRecord, seen: string): ReturnType<typeof viewOf> {
  const looked = await viewOf(deps, record)
  if (looked.shown === seen) return looked
  throw new GatewayError('CONFLICT', 'this is not what the act looks like now; look at it again')
}

function argumentsOf(deps: ControlDeps, record: ApprovalRecord): ReturnType<typeof keptArguments> {
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
