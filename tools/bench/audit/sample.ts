import type { EntryBody } from '@sallyport/core'

/** A decision as the gateway writes it for a small tool call, its members in the gateway's order. */
export function decision(act: string): EntryBody {
  return {
    type: 'decision',
    act,
    actor: { credential: 'k-1', id: 'procurement-assistant', method: 'agent_key', type: 'agent' },
    onBehalfOf: { issuer: 'local', user: 'alice' },
    session: 's-5f3c9a7e2b',
    task: 'reconcile-orders',
    purpose: 'procurement',
    action: { digest: 'a'.repeat(64), kind: 'tool.call', name: 'readPurchaseOrders', server: 'erp' },
    input: { bytes: 64, commitment: 'b'.repeat(64), shape: { department: 'string(10)', limit: 'number', status: 'string(4)' } },
    evaluated: 'allow',
    enforced: 'allow',
    reasons: ['granted'],
    votes: [{ effect: 'allow', mode: 'enforce', reason: 'granted', rule: 'manifest' }],
    obligations: ['filter_rows'],
    findings: [],
    versions: { definition: 'd'.repeat(64), epoch: 1, gateway: '0.1.0', manifest: 'c'.repeat(64) },
    budgets: ['procurement-assistant', 'procurement-assistant/erp.readPurchaseOrders'],
  }
}
