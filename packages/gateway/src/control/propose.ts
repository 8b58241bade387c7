import {
  type ApprovalRecord,
  approvalDetail,
  castVote,
  GatewayError,
  isJsonObject,
  jcs,
  type JsonObject,
  type Principal,
  Sha256Hex,
} from '@sallyport/core'
import { z } from 'zod'
import { committer } from '../committer.ts'
import { handleContent } from '../handle-content.ts'
import { approverOf, requireRequest, requireShown } from './approval-views.ts'
import { ApprovalId, DECIDERS } from './approvals.ts'
import { type ControlDeps, defineVerb } from './define-verb.ts'
import { requireVault } from './quarantine.ts'

/** Longest proposal, as canonical JSON: an agent reads it. */
const CHARS_MAX = 16_384

export const approvalPropose = defineVerb({
  name: 'approval.propose',
  summary: 'Reject one act and tell its agent which arguments you would rather see; sent, they are an act of their own',
  roles: DECIDERS,
  input: z.strictObject({
    id: ApprovalId,
    shown: Sha256Hex.meta({ description: 'What `approval.show` gave with the view.' }),
    args: z.record(z.string(), z.json()).meta({ description: 'All arguments, not only those that differ.' }),
    reason: z.string().trim().min(3).max(1_000),
  }),
  output: z.strictObject({ id: ApprovalId, state: z.literal('rejected') }),
  target: (input) => input.id,
  async run(deps, { id, shown, args, reason }, { user }) {
    const record = requireRequest(deps, id)
    if (record.seeded) throw new GatewayError('CONFLICT', 'approve or reject this one')
    const { args: before } = await requireShown(deps, record, shown)
    const atMs = deps.nowMs()
    const value = castVote(record, { verdict: 'reject', reason, shown, atMs }, approverOf(deps, user, atMs))
    const { vault, commitment } = await keep(deps, record, requireOther(args as JsonObject, before))
    const proposal = { by: user.id, vault: { ...vault }, commitment }
    return {
      output: { id, state: 'rejected' as const },
      changes: [{ op: 'put', kind: 'approval', value: { ...value, proposal } }],
      detail: {
        ...approvalDetail(value),
        verdict: 'reject',
        reason,
        shown,
        state: value.state,
        binding: record.binding,
        proposed: commitment,
        vault: vault.id,
      },
    }
  },
})

/** Their canonical form. @throws GatewayError `REQUEST_PARAMS` when they are the same, or too long */
function requireOther(args: JsonObject, before: JsonObject): { args: JsonObject; text: string } {
  if (!isJsonObject(args)) throw new GatewayError('REQUEST_PARAMS', 'arguments are an object')
  const text = jcs(args)
  if (text.length > CHARS_MAX) throw new GatewayError('REQUEST_PARAMS', `a proposal has at most ${CHARS_MAX} characters`)
  if (text === jcs(before)) throw new GatewayError('REQUEST_PARAMS', 'these are the arguments that it has; approve it or reject it')
  return { args, text }
}

/** Sealed under the keys of the person whom the act is about, as its own arguments are. */
async function keep(
  deps: ControlDeps,
  { agent, user, task, session, epoch, action }: ApprovalRecord,
  { args, text }: { args: JsonObject; text: string },
): Promise<{ vault: { id: string; key: string; ciphertext: string }; commitment: string }> {
  const principal: Principal = {
    agent,
    credential: '',
    method: 'agent_key',
    session,
    epoch,
    ...(task !== undefined && { task }),
    ...(user && { user: { ...user, attributes: {} } }),
  }
  const { kind, server, name } = action
  const act = { kind, args, ...(server !== undefined && { server }), ...(name !== undefined && { name }) }
  const commit = committer(deps.home.deriveKey('commit'))
  const handling = await handleContent(
    { principal, manifest: deps.manifests.current(agent), action: act },
    { commit, vault: requireVault(deps) },
  )
  const vault = await handling.keepAsked?.(text)
  if (!vault) throw new GatewayError('VAULT_UNAVAILABLE', 'nothing keeps proposals here')
  return { vault, commitment: handling.commit(text).commitment }
}
