import type { EntryBody } from '@sallyport/core'

const HEX = 'ab'.repeat(32)
const FINDING = { detector: 'hidden-text', code: 'bidi', severity: 'high', path: '/note', start: 3, end: 9 }
const CONTENT = {
  commitment: 'cd'.repeat(32),
  bytes: 20,
  shape: { name: 'string(3)', rows: ['object', { id: 'number' }] },
  vault: { id: 'content-1', key: 'key-1', ciphertext: HEX },
}
const ACT = {
  actor: { type: 'agent' as const, id: 'agent-a', credential: 'k-1', method: 'agent_key' },
  onBehalfOf: { user: 'alice', issuer: 'local' },
  session: 's-1',
  task: 'reconcile-orders',
  purpose: 'procurement',
  subject: 'ef'.repeat(32),
  classes: ['pii', 'phi'],
  replica: 'replica-1',
  action: { kind: 'tool.call' as const, server: 'erp', name: 'read', digest: HEX },
}

/** One entry of every kind with every field set. An outcome follows its decision; `index` is where the decision stands. */
export const SAMPLES: Readonly<Record<EntryBody['type'], (index: number) => EntryBody>> = {
  decision: (index) => ({
    type: 'decision',
    act: `act-${index}`,
    ...ACT,
    input: CONTENT,
    evaluated: 'allow',
    enforced: 'allow',
    reasons: ['granted'],
    votes: [{ rule: 'grant', effect: 'allow', reason: 'granted', mode: 'enforce', detail: 'erp.read' }],
    obligations: ['project_fields'],
    findings: [FINDING],
    versions: { gateway: '0.1.0', manifest: HEX, definition: HEX, epoch: 1 },
    budgets: ['agent-a', 'agent-a/erp.read'],
    retryAfterMs: 5,
    correlation: { traceparent: '00-1-2-01' },
  }),
  evaluation: (index) => ({
    type: 'evaluation',
    act: `act-${index}`,
    ...ACT,
    input: CONTENT,
    evaluated: 'deny',
    enforced: 'deny',
    reasons: ['args_invalid'],
    votes: [{ rule: 'args', effect: 'deny', reason: 'args_invalid', mode: 'enforce', detail: '/amount' }],
    obligations: [],
    findings: [FINDING],
    versions: { gateway: '0.1.0', manifest: HEX, definition: HEX, epoch: 1 },
    retryAfterMs: 5,
    correlation: { traceparent: '00-1-2-01' },
  }),
  outcome: (index) => ({
    type: 'outcome',
    act: `act-${index}`,
    ...ACT,
    decision: index,
    status: 'success',
    code: 'NONE',
    reasons: ['granted'],
    output: CONTENT,
    findings: [FINDING],
    sources: [{ source: 'docs', id: 'chunk-1', score: 0.5 }],
    effect: 'none',
    durationMs: 1.5,
  }),
  unknown: (index) => ({ type: 'unknown', act: `act-${index}`, decision: index, replica: 'replica-1' }),
  refusal: () => ({
    type: 'refusal',
    actor: { type: 'unverified', id: 'somebody' },
    code: 'IDENTITY_INVALID',
    detail: 'the credential is unknown',
    claims: { path: '/a/agent-a/mcp' },
    suppressed: 2,
  }),
  admin: () => ({
    type: 'admin',
    actor: { type: 'user', id: 'alice', method: 'ed25519' },
    verb: 'isolate',
    target: 'agent-a',
    outcome: 'done',
    code: 'NONE',
    detail: { reason: 'odd', count: 1, first: true, roles: ['owner', 'security'] },
  }),
}

const CYCLE = ['decision', 'outcome', 'decision', 'unknown', 'refusal', 'admin', 'evaluation'] as const

/** A sequence that holds every kind and in which every act is closed. */
export function sampleAt(index: number): EntryBody {
  const type = CYCLE[index % CYCLE.length] ?? 'admin'
  return SAMPLES[type](type === 'outcome' || type === 'unknown' ? index - 1 : index)
}
