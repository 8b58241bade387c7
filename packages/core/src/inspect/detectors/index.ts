import { boundaryMarkers } from './boundary-markers/index.ts'
import { encodedInstructions } from './encoded-instructions/index.ts'
import { exfiltrationRequests } from './exfiltration-requests/index.ts'
import { hiddenText } from './hidden-text/index.ts'
import { instructionOverride } from './instruction-override/index.ts'
import { lookalike } from './lookalike/index.ts'
import { roleReassignment } from './role-reassignment/index.ts'
import { secrets } from './secrets/index.ts'
import { toolImperatives } from './tool-imperatives/index.ts'
import { contact } from './contact/index.ts'
import { cryptoAddress } from './crypto-address/index.ts'
import { health } from './health/index.ts'
import { iban } from './iban/index.ts'
import { nationalIds } from './national-ids/index.ts'
import { paymentCard } from './payment-card/index.ts'
import { toolPoisoning } from './tool-poisoning/index.ts'

/** Every detector. A new one is a folder and a line here; `detectors.contract.ts` then tests it. */
export const detectors = [
  hiddenText,
  boundaryMarkers,
  instructionOverride,
  roleReassignment,
  toolImperatives,
  exfiltrationRequests,
  encodedInstructions,
  lookalike,
  toolPoisoning,
  secrets,
  contact,
  cryptoAddress,
  health,
  iban,
  nationalIds,
  paymentCard,
] as const
import { structuredData } from './structured-data/index.ts'
export const detectors = [hiddenText, lookalike, structuredData, toolPoisoning] as const
