import type { EventType } from './security-event.ts'
import type { EventKind } from './severity.ts'

interface AdminKind {
  readonly type: EventType
  readonly kind: EventKind
}

/** What an `admin` entry is about, by its verb; a key that ends in a dot stands for every verb that begins with it. */
const ADMIN_KINDS: Readonly<Record<string, AdminKind>> = {
  isolate: { type: 'isolation', kind: 'agent.isolated' },
  release: { type: 'isolation', kind: 'agent.released' },
  'credential.foreign_use': { type: 'detection', kind: 'credential.foreign_use' },
  'config.loaded': { type: 'policy', kind: 'policy.changed' },
  'config.rejected': { type: 'policy', kind: 'policy.rejected' },
  'manifest.rejected': { type: 'policy', kind: 'policy.rejected' },
  'manifest.sign': { type: 'policy', kind: 'policy.changed' },
  'manifest.signed': { type: 'policy', kind: 'policy.changed' },
  'manifest.loaded': { type: 'policy', kind: 'policy.changed' },
  'manifest.removed': { type: 'policy', kind: 'policy.changed' },
  'manifest.': { type: 'admin', kind: 'record.read' },
  'tools.flagged': { type: 'detection', kind: 'finding.high' },
  'tools.approve': { type: 'policy', kind: 'policy.changed' },
  'tools.': { type: 'admin', kind: 'record.read' },
  'agent.list': { type: 'admin', kind: 'record.read' },
  'agent.': { type: 'access', kind: 'access.changed' },
  'session.': { type: 'access', kind: 'access.changed' },
  'user.list': { type: 'admin', kind: 'record.read' },
  'user.': { type: 'access', kind: 'access.changed' },
  'log.key.': { type: 'policy', kind: 'key.changed' },
  'audit.key': { type: 'policy', kind: 'key.changed' },
  erase: { type: 'policy', kind: 'content.erased' },
  'erasure.': { type: 'policy', kind: 'content.erased' },
  'subject.erase': { type: 'policy', kind: 'content.erased' },
  'subject.': { type: 'admin', kind: 'record.read' },
  'retention.expired': { type: 'policy', kind: 'content.erased' },
  'retention.plan': { type: 'admin', kind: 'record.read' },
  'retention.': { type: 'policy', kind: 'policy.changed' },
  'hold.list': { type: 'admin', kind: 'record.read' },
  'hold.review_due': { type: 'detection', kind: 'hold.review_due' },
  'hold.': { type: 'policy', kind: 'policy.changed' },
  'approval.asked': { type: 'detection', kind: 'approval.asked' },
  'approval.due': { type: 'detection', kind: 'approval.due' },
  'approval.escalated': { type: 'detection', kind: 'approval.escalated' },
  'approval.expired': { type: 'detection', kind: 'approval.expired' },
  'approval.rubber_stamp': { type: 'detection', kind: 'approval.rubber_stamp' },
  'approval.test_missed': { type: 'detection', kind: 'approval.test_missed' },
  'approval.withdrawn': { type: 'admin', kind: 'admin.done' },
  'approval.batch': { type: 'policy', kind: 'admin.done' },
  'approval.propose': { type: 'policy', kind: 'approval.decided' },
  'approval.seed': { type: 'admin', kind: 'admin.done' },
  'approval.test': { type: 'admin', kind: 'admin.done' },
  'approval.cancelled': { type: 'detection', kind: 'approval.cancelled' },
  'approval.decide': { type: 'policy', kind: 'approval.decided' },
  'approval.decided': { type: 'policy', kind: 'approval.decided' },
  'approval.': { type: 'admin', kind: 'record.read' },
  'delegation.list': { type: 'admin', kind: 'record.read' },
  'delegation.': { type: 'access', kind: 'access.changed' },
  'provider.lapsing': { type: 'detection', kind: 'provider.lapsing' },
  'provider.lapsed': { type: 'detection', kind: 'provider.lapsed' },
  'log.pruned': { type: 'policy', kind: 'log.pruned' },
  'log.gap': { type: 'detection', kind: 'log.gap' },
  'clock.stepped': { type: 'detection', kind: 'clock.stepped' },
  'replica.silent': { type: 'detection', kind: 'replica.silent' },
  'anchor.failed': { type: 'detection', kind: 'anchor.failed' },
  'witness.contradiction': { type: 'detection', kind: 'witness.contradiction' },
  'witness.overdue': { type: 'detection', kind: 'witness.overdue' },
  'sink.dropped': { type: 'detection', kind: 'sink.dropped' },
  'sink.behind': { type: 'detection', kind: 'sink.behind' },
  'quarantine.release': { type: 'policy', kind: 'content.released' },
  'quarantine.': { type: 'admin', kind: 'record.read' },
  'guard.label': { type: 'admin', kind: 'admin.done' },
  'guard.test': { type: 'admin', kind: 'admin.done' },
  'guard.canary': { type: 'admin', kind: 'admin.done' },
  'guard.': { type: 'admin', kind: 'record.read' },
  'guard.weakened': { type: 'detection', kind: 'policy.changed' },
  'gateway.': { type: 'lifecycle', kind: 'gateway.changed' },
  'audit.': { type: 'admin', kind: 'record.read' },
  'content.read': { type: 'admin', kind: 'record.read' },
  'sinks.': { type: 'admin', kind: 'record.read' },
  status: { type: 'admin', kind: 'record.read' },
}

/** A family has fewer words than this. */
const WORDS_MAX = 4

/** Verb of the entry that an alert is. */
export const ALERT_VERB = 'alert.raised'

export function adminKind(verb: string, outcome: 'done' | 'refused'): AdminKind {
  if (outcome === 'refused') return { type: 'admin', kind: 'admin.refused' }
  // The verb itself, then the longest family it belongs to: `log.key.` before `log.`.
  const words = verb.split('.', WORDS_MAX)
  const families = words.map((_, i) => `${words.slice(0, words.length - i - 1).join('.')}.`)
  for (const name of [verb, ...families]) {
    const found = own(name)
    if (found) return found
  }
  return { type: 'admin', kind: 'admin.done' }
}

function own(name: string): AdminKind | undefined {
  return Object.hasOwn(ADMIN_KINDS, name) ? ADMIN_KINDS[name] : undefined
}
