import { defineRule } from '../../define-rule.ts'

/** A part of the guard that was switched to observing, or switched off, by the configuration now in force. */
export const guardWeakened = defineRule({
  id: 'guard-weakened',
  initial: () => undefined,
  step: (_, observation) => {
    const admin = observation.type === 'event' ? observation.event.admin : undefined
    if (admin?.verb !== 'gateway.start' && admin?.verb !== 'config.loaded') return []
    const weakened = admin.detail['weakened']
    if (!Array.isArray(weakened) || weakened.length === 0) return []
    return [
      {
        class: 'policy',
        severity: 'high',
        message: 'a layer of the guard is weaker than it is by default',
        subject: weakened.join(' '),
        count: weakened.length,
      },
    ]
  },
})
