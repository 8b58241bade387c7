import { defineRule } from '../../define-rule.ts'

/** Entries that say what is in force from now on. */
const IN_FORCE: ReadonlySet<string> = new Set(['gateway.start', 'config.loaded', 'manifest.loaded', 'manifest.signed'])

/** A part of the guard that was switched to observing, or switched off, by the configuration or the manifest now in force. */
export const guardWeakened = defineRule({
  id: 'guard-weakened',
  initial: () => undefined,
  step: (_, observation) => {
    const admin = observation.type === 'event' ? observation.event.admin : undefined
    const weakened = admin && IN_FORCE.has(admin.verb) ? admin.detail['weakened'] : undefined
    if (!Array.isArray(weakened) || weakened.length === 0) return []
    return [
      {
        class: 'policy',
        severity: 'high',
        message: 'a layer of the guard is weaker than it is by default',
        subject: [admin?.target ?? '', ...weakened].join(' ').trim(),
        count: weakened.length,
      },
    ]
  },
})
