import { defineRule } from '../../define-rule.ts'

/** An agent that was stopped because it goes in circles: it costs, and it may have been turned. */
export const agentLoop = defineRule({
  id: 'agent-loop',
  initial: () => undefined,
  step: (_state, observation) => {
    if (observation.type !== 'event') return []
    const { type, verdict, outcome, agent, session = '' } = observation.event
    const isRequest = type === 'decision' && verdict?.reasons.includes('loop_detected') === true
    const isCall = type === 'outcome' && outcome?.reasons.includes('loop_detected') === true
    if (agent === undefined || (!isRequest && !isCall)) return []
    const message = isRequest ? 'an agent keeps sending the same model call' : 'a model keeps asking for the same tool call'
    return [{ class: 'policy', severity: 'medium', message, subject: `${agent} ${session}`, agent, count: 1 }]
  },
})
