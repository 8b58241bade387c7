import { defineRule } from '../../define-rule.ts'

/** What detectors take for an attack, in an act or in a tool definition that somebody approved all the same. */
export const hostileContent = defineRule({
  id: 'hostile-content',
  initial: () => undefined,
  step: (_, observation) => {
    if (observation.type !== 'event') return []
    const { kind, agent, action, findings, admin } = observation.event
    if (kind === 'finding.high' || kind === 'injection.detected' || kind === 'leak.detected') {
      const subject = `${agent ?? ''} ${action?.server ?? ''} ${findings[0]?.detector ?? ''}`
      const count = findings.length
      return [
        {
          class: 'security',
          severity: 'high',
          message: kind === 'leak.detected' ? 'data was stopped on its way out' : 'content looks like an attack on the agent',
          subject,
          ...(agent !== undefined && { agent }),
          count,
        },
      ]
    }
    const warnings = admin?.verb === 'tools.approve' && admin.outcome === 'done' ? admin.detail['warnings'] : undefined
    if (!Array.isArray(warnings) || warnings.length === 0) return []
    const target = admin?.target ?? ''
    return [
      {
        class: 'security',
        severity: 'high',
        message: 'a tool definition that looks hostile was approved',
        subject: target,
        count: warnings.length,
      },
    ]
  },
})
