import type { AlertOptions } from '../../alert-options.ts'
import { defineRule } from '../../define-rule.ts'

/** Agents watched at once; the one silent longest is forgotten. */
const AGENTS_MAX = 1_000

/** An agent that keeps trying what it may not do: a policy that does not fit, or an agent that was turned. */
export const deniedBurst = defineRule({
  id: 'denied-burst',
  initial: () => new Map<string, number[]>(),
  step: (state, observation, options: AlertOptions) => {
    if (observation.type !== 'event' || observation.event.kind !== 'act.denied') return []
    const { agent = '', timeMs } = observation.event
    const times = [...(state.get(agent) ?? []), timeMs].filter((at) => at > timeMs - options.deniedWindowMs)
    state.delete(agent)
    if (times.length < options.deniedMax) {
      state.set(agent, times)
      for (const oldest of state.keys()) {
        if (state.size <= AGENTS_MAX) break
        state.delete(oldest)
      }
      return []
    }
    const message = `${times.length} acts were refused within ${Math.round(options.deniedWindowMs / 1_000)} s`
    return [{ class: 'policy', severity: 'medium', message, subject: agent, agent, count: times.length }]
  },
})
