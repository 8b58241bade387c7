import { defineRule } from '../../define-rule.ts'

/** Assessments and agreements of a provider of models that end soon or have ended (R206): people need time to renew them. */
export const evidenceLapse = defineRule({
  id: 'evidence-lapse',
  initial: () => undefined,
  step: (_state, observation) => {
    if (observation.type !== 'event') return []
    const { kind, severity, admin } = observation.event
    if (kind !== 'provider.lapsing' && kind !== 'provider.lapsed') return []
    const { what } = admin?.detail ?? {}
    const message = `${kind === 'provider.lapsed' ? 'lapsed' : 'lapses soon'}: ${WHAT[String(what)] ?? 'evidence'} of a provider of models`
    return [{ class: 'policy', severity, message, subject: `${admin?.target ?? ''} ${String(what)} ${kind}`, count: 1 }]
  },
})

const WHAT: Readonly<Record<string, string>> = {
  review: 'the assessment',
  baa: 'the business associate agreement',
  dpa: 'the data processing agreement',
  transfer: 'the transfer mechanism',
  approval: 'the approval of a model',
}
