import { clip } from './clip.ts'
import type { SecurityEvent } from './security-event.ts'
import { ALERT_CLASSES, SEVERITIES, type AlertClass, type Severity } from './severity.ts'

export interface AlertDetail {
  readonly alert: NonNullable<SecurityEvent['alert']>
  readonly severity: Severity | undefined
}

/** Reads the detail of an `alert.raised` entry; `undefined` when it is not one that `alertEntry` wrote. */
export function alertOf(detail: Readonly<Record<string, unknown>>): AlertDetail | undefined {
  const { rule, class: name, message, agent, count, severity } = detail
  const alertClass = ALERT_CLASSES.find((one): one is AlertClass => one === name)
  if (typeof rule !== 'string' || alertClass === undefined || typeof message !== 'string') return undefined
  return {
    alert: {
      rule: clip(rule),
      class: alertClass,
      message: clip(message),
      ...(typeof agent === 'string' ? { agent: clip(agent) } : {}),
      count: typeof count === 'number' && Number.isSafeInteger(count) ? count : 1,
    },
    severity: SEVERITIES.find((one) => one === severity),
  }
}
