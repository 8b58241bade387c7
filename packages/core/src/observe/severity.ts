/** Severities in rising order; the first is worth no one's attention. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** What kind of trouble an alert reports: slow or broken, attacked, or outside what was agreed. */
export const ALERT_CLASSES = ['performance', 'security', 'policy'] as const
export type AlertClass = (typeof ALERT_CLASSES)[number]

/** How soon somebody should look: 1 now, at any hour; 2 within the hour; 3 within the day; 4 when there is time. */
export type Priority = 1 | 2 | 3 | 4

interface Weight {
  readonly severity: Severity
  readonly priority: Priority
  readonly means: string
}

/**
 * The severity matrix: what each kind of event is worth to the people who watch. `docs/operating/siem.md` prints it; every
 * format takes its own scale from it.
 */
export const EVENT_KINDS = {
  'act.allowed': { severity: 'info', priority: 4, means: 'an act was decided and may happen' },
  'act.held': { severity: 'low', priority: 4, means: 'an act needs a person’s approval' },
  'act.denied': { severity: 'medium', priority: 3, means: 'an act was refused' },
  'act.evaluated': { severity: 'info', priority: 4, means: 'an agent asked what would be decided about an act; nothing was done' },
  'act.succeeded': { severity: 'info', priority: 4, means: 'an act was carried out' },
  'act.failed': { severity: 'low', priority: 4, means: 'the tool or the way to it failed' },
  'act.withheld': { severity: 'medium', priority: 3, means: 'a result was not released to the agent' },
  'act.cancelled': { severity: 'low', priority: 4, means: 'an act was cut off' },
  'act.unknown': { severity: 'high', priority: 2, means: 'an act may have happened; its outcome was lost' },
  'finding.info': { severity: 'info', priority: 4, means: 'a detector saw something, for the record' },
  'finding.low': { severity: 'low', priority: 4, means: 'a detector saw something slight' },
  'finding.medium': { severity: 'medium', priority: 3, means: 'a detector saw something suspicious' },
  'finding.high': { severity: 'high', priority: 2, means: 'a detector saw what looks like an attack' },
  'injection.detected': { severity: 'high', priority: 2, means: 'content looks like instructions planted for an agent' },
  'leak.detected': { severity: 'high', priority: 2, means: 'data was stopped on its way out' },
  'content.released': { severity: 'medium', priority: 3, means: 'a person released content from quarantine' },
  'request.refused': { severity: 'low', priority: 4, means: 'a message was not valid' },
  'identity.refused': { severity: 'medium', priority: 3, means: 'a caller could not prove who it is' },
  'credential.foreign_use': { severity: 'high', priority: 2, means: 'one agent’s credential was used by another' },
  'agent.isolated': { severity: 'critical', priority: 1, means: 'an agent was cut off' },
  'agent.released': { severity: 'high', priority: 2, means: 'an isolated agent may act again' },
  'policy.changed': { severity: 'medium', priority: 3, means: 'what agents may do was changed' },
  'policy.rejected': { severity: 'medium', priority: 3, means: 'a changed file could not be used' },
  'access.changed': { severity: 'low', priority: 4, means: 'a key, session or user was made or withdrawn' },
  'key.changed': { severity: 'medium', priority: 3, means: 'a signing key was rotated or revoked' },
  'content.erased': { severity: 'medium', priority: 3, means: 'kept content was destroyed' },
  'log.pruned': { severity: 'medium', priority: 3, means: 'retention let the oldest entries go' },
  'log.gap': { severity: 'critical', priority: 1, means: 'entries or time are missing from the record' },
  'hold.review_due': { severity: 'medium', priority: 3, means: 'nobody has looked at a legal hold in time' },
  'provider.lapsing': { severity: 'medium', priority: 3, means: 'an assessment or agreement of a provider of models ends soon' },
  'provider.lapsed': { severity: 'high', priority: 2, means: 'an assessment or agreement of a provider of models has ended' },
  'approval.asked': { severity: 'medium', priority: 3, means: 'people are asked whether an act may happen' },
  'approval.due': { severity: 'medium', priority: 3, means: 'an act waits for people, and half of their time or more is over' },
  'approval.escalated': { severity: 'high', priority: 2, means: 'nobody decided on an act in time, so others may as well' },
  'approval.expired': { severity: 'medium', priority: 3, means: 'nobody decided on an act at all, which is a rejection' },
  'approval.rubber_stamp': { severity: 'high', priority: 2, means: 'somebody approves nearly everything, and nearly at once' },
  'approval.test_missed': {
    severity: 'high',
    priority: 2,
    means: 'somebody approved an act that was shown to see whether they look',
  },
  'approval.cancelled': { severity: 'info', priority: 4, means: 'nobody needs to decide on an act any more' },
  'approval.decided': { severity: 'info', priority: 4, means: 'somebody decided on an act' },
  'clock.stepped': { severity: 'high', priority: 2, means: 'the clock was set, so times of the record do not fit together' },
  'anchor.failed': { severity: 'high', priority: 2, means: 'the log could not be anchored outside' },
  'replica.silent': { severity: 'high', priority: 2, means: 'a gateway stopped without saying so' },
  'witness.contradiction': { severity: 'critical', priority: 1, means: 'a witness saw another history of the log' },
  'witness.overdue': { severity: 'high', priority: 2, means: 'too few witnesses have signed the log' },
  'sink.dropped': { severity: 'high', priority: 2, means: 'events were not sent to a destination' },
  'sink.behind': { severity: 'medium', priority: 3, means: 'a destination is far behind the log' },
  'record.read': { severity: 'info', priority: 4, means: 'somebody read the record' },
  'gateway.changed': { severity: 'info', priority: 4, means: 'a gateway started or stopped' },
  'admin.done': { severity: 'info', priority: 4, means: 'somebody changed or looked at the gateway’s state' },
  'admin.refused': { severity: 'medium', priority: 3, means: 'somebody was refused an act on the gateway’s state' },
  'alert.performance': { severity: 'medium', priority: 3, means: 'alert: the gateway or what it depends on is slow or failing' },
  'alert.policy': { severity: 'medium', priority: 3, means: 'alert: an agent keeps trying what it may not do' },
  'alert.security': { severity: 'high', priority: 2, means: 'alert: signs of an attack or of a damaged record' },
} as const satisfies Record<string, Weight>
export type EventKind = keyof typeof EVENT_KINDS
