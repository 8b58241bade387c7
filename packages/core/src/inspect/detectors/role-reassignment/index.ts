import { INGESTION_CHANNELS } from '../../../model/channel.ts'
import { defineDetector } from '../../define-detector.ts'
import { sightPhrases } from '../../mention.ts'
import { roles } from './phrases.ts'

/** From so many suspicious sentences on, each counts as certain. */
const SUSPICIONS_MIN = 3

/** Finds texts that give the model another role: one without rules, one with more rights, or simply another. */
export const roleReassignment = defineDetector({
  id: 'role-reassignment',
  channels: [...INGESTION_CHANNELS, 'arguments'],
  reads: 'every',
  detect: (text) => {
    const sightings = sightPhrases(roles, text)
    // Jailbreaks are long and say the same in many ways; one such sentence is a story, several are a persona.
    const isPersona = sightings.filter(({ severity }) => severity === 'medium').length >= SUSPICIONS_MIN
    return isPersona ? sightings.map((seen) => (seen.severity === 'medium' ? { ...seen, severity: 'high' } : seen)) : sightings
  },
})
