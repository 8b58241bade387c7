import { defineRule } from '../../define-rule.ts'

/** One agent’s credential in another’s hands. */
export const foreignCredential = defineRule({
  id: 'foreign-credential',
  initial: () => undefined,
  step: (_, observation) => {
    if (observation.type !== 'event' || observation.event.kind !== 'credential.foreign_use') return []
    const agent = observation.event.admin?.target ?? observation.event.actor.id
    return [
      { class: 'security', severity: 'high', message: 'a credential was used by somebody else', subject: agent, agent, count: 1 },
    ]
  },
})
