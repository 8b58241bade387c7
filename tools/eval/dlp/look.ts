import { contactDetector, detectors, type Sighting } from '@sallyport/core'
import { phoneFinder } from '../../../packages/gateway/src/inspect/find-phones.ts'

const IDS = new Set(['payment-card', 'iban', 'national-ids', 'crypto-address', 'health'])

/** The detectors of identifiers as the gateway runs them, with telephone numbers. */
export const identifierDetectors = [...detectors.filter(({ id }) => IDS.has(id)), contactDetector({ findPhones: phoneFinder() })]

/** Everything they see in a text as it came; other readings of a text are not part of this evaluation. */
export function look(text: string): readonly Sighting[] {
  return identifierDetectors.flatMap((detector) =>
    detector.detect(text, { channel: 'document', path: '', field: '', view: 'text', otherTools: [] }),
  )
}
