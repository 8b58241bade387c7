import { defineRule } from '../../define-rule.ts'

/** Sources and classes remembered; the one silent longest is forgotten. */
const PAIRS_MAX = 10_000

/** Data of a class that nobody declared for its source: the label is wrong, or the data is in the wrong place. Told once. */
export const undeclaredClass = defineRule({
  id: 'undeclared-class',
  initial: () => new Set<string>(),
  step: (state, observation) => {
    if (observation.type !== 'event' || observation.event.outcome === undefined) return []
    const { outcome, action, agent, classes } = observation.event
    if (!outcome.reasons.includes('class_undeclared')) return []
    const subject = `${action?.server ?? ''} ${[...classes].sort().join(',')}`
    if (state.has(subject)) return []
    state.add(subject)
    for (const oldest of state) {
      if (state.size <= PAIRS_MAX) break
      state.delete(oldest)
    }
    return [
      {
        class: 'policy',
        severity: 'high',
        message: 'a source holds data of a class that nobody declared for it',
        subject,
        ...(agent !== undefined && { agent }),
        count: 1,
      },
    ]
  },
})
