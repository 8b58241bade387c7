import type { EntryBody } from '@sallyport/core'

/** A decision as the gateway writes it for a small tool call. */
export function decision(act: string): EntryBody {
  return {
    type: 'decision',
    act,
    actor: { type: 'agent', id: 'procurement-assistant', credential: 'k-1', method: 'agent_key' },
    onBehalfOf: { user: 'alice', issuer: 'local' },
    session: 's-5f3c9a7e2b',
    task: 'reconcile-orders',
    purpose: 'procurement',
    action: { kind: 'tool.call', server: 'erp', name: 'readPurchaseOrders', digest: 'a'.repeat(64) },
    input: { commitment: 'b'.repeat(64), bytes: 64, shape: { department: 'string(10)', status: 'string(4)', limit: 'number' } },
    evaluated: 'allow',
    enforced: 'allow',
    reasons: ['granted'],
    votes: [{ rule: 'manifest', effect: 'allow', reason: 'granted', mode: 'enforce' }],
    obligations: ['filter_rows'],
    findings: [],
    versions: { gateway: '0.1.0', manifest: 'c'.repeat(64), definition: 'd'.repeat(64), epoch: 1 },
    budgets: ['procurement-assistant', 'procurement-assistant/erp.readPurchaseOrders'],
  }
}
