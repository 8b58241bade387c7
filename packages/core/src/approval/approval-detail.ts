import type { ApprovalRecord } from '../model/approval.ts'

/**
 * What the log says of a request wherever something happens to it, so that whoever reads that one entry knows what it is about: no
 * arguments, and nobody the act is about.
 */
export function approvalDetail(record: ApprovalRecord): Record<string, string | number | string[]> {
  const { agent, decision, action, task, scope, tier, asked, votes, people, expiresMs } = record
  return {
    agent,
    decision,
    kind: action.kind,
    ...(action.server !== undefined && { server: action.server }),
    ...(action.name !== undefined && { name: action.name }),
    ...(task !== undefined && { task }),
    scope,
    tier,
    reasons: [...new Set(asked.map(({ reason }) => reason))],
    votes: votes.length,
    people,
    until: new Date(expiresMs).toISOString(),
  }
}
