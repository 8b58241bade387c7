import type { EntryBody } from '../model/entry.ts'
import { ALERT_VERB } from './admin-kinds.ts'
import type { AlertOptions } from './alert-options.ts'
import type { Incident, Observation, Rule } from './define-rule.ts'
import { rules } from './rules/index.ts'

/** The same trouble of the same subject is reported once in this time. */
export const QUIET_MS = 300_000
/** Subjects remembered as reported. */
const REPORTED_MAX = 10_000

export interface Alert extends Incident {
  readonly rule: string
}

/** Lets every rule look. Keeps bounded state, reads no clock: time is that of what it is shown. */
export function openWatch(options: AlertOptions): (observation: Observation) => readonly Alert[] {
  const watching = rules.map((rule) => watcher(rule as Rule<unknown, AlertOptions>, options))
  const reported = new Map<string, number>()
  return (observation) => {
    // An alert is an entry too, and must not raise another.
    if (observation.type === 'event' && observation.event.type === 'alert') return []
    const nowMs = observation.type === 'event' ? observation.event.timeMs : observation.sample.timeMs
    return watching.flatMap((look) => look(observation)).filter((alert) => isNew(reported, alert, nowMs))
  }
}

function watcher(rule: Rule<unknown, AlertOptions>, options: AlertOptions): (observation: Observation) => readonly Alert[] {
  const state = rule.initial()
  return (observation) => rule.step(state, observation, options).map((incident) => ({ ...incident, rule: rule.id }))
}

function isNew(reported: Map<string, number>, { rule, subject }: Alert, nowMs: number): boolean {
  const key = `${rule}\n${subject ?? ''}`
  const last = reported.get(key)
  if (last !== undefined && Math.abs(nowMs - last) < QUIET_MS) return false
  reported.delete(key)
  reported.set(key, nowMs)
  for (const oldest of reported.keys()) {
    if (reported.size <= REPORTED_MAX) break
    reported.delete(oldest)
  }
  return true
}

/** The entry an alert is: `admin`, so that it follows the same way out as everything else. */
export function alertEntry(alert: Alert, cause?: number): EntryBody {
  const { rule, severity, message, subject, agent, count } = alert
  return {
    type: 'admin',
    actor: { type: 'system', id: 'sallyport' },
    verb: ALERT_VERB,
    ...(subject !== undefined && { target: subject }),
    outcome: 'done',
    detail: {
      rule,
      class: alert.class,
      severity,
      message,
      count,
      ...(agent !== undefined && { agent }),
      ...(cause !== undefined && { entry: cause }),
    },
  }
}
