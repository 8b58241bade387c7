import { defineRule } from '../../define-rule.ts'
import type { EventKind } from '../../severity.ts'

/** Troubles of the record itself, with what an operator reads. */
const TROUBLES: Partial<Record<EventKind, string>> = {
  'log.gap': 'the record has a gap',
  'clock.stepped': 'the clock was set',
  'anchor.failed': 'the log could not be anchored outside',
  'replica.silent': 'a gateway went silent',
  'witness.contradiction': 'a witness saw another history of the log',
  'witness.overdue': 'too few witnesses have signed the log',
  'sink.dropped': 'events were not sent to a destination',
  'act.unknown': 'the outcome of an act was lost',
}

/** A record that is incomplete, contradicted, or not delivered. */
export const recordDamage = defineRule({
  id: 'record-damage',
  initial: () => undefined,
  step: (_, observation) => {
    if (observation.type !== 'event') return []
    const { kind, severity, admin, replica } = observation.event
    const message = TROUBLES[kind]
    if (message === undefined) return []
    const subject = admin?.target ?? replica
    return [{ class: 'security', severity, message, subject: subject === undefined ? kind : `${kind} ${subject}`, count: 1 }]
  },
})
