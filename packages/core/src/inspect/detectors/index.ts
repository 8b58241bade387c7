import { boundaryMarkers } from './boundary-markers/index.ts'
import { contact } from './contact/index.ts'
import { cryptoAddress } from './crypto-address/index.ts'
import { encodedInstructions } from './encoded-instructions/index.ts'
import { exfiltrationRequests } from './exfiltration-requests/index.ts'
import { health } from './health/index.ts'
import { hiddenText } from './hidden-text/index.ts'
import { iban } from './iban/index.ts'
import { instructionOverride } from './instruction-override/index.ts'
import { lookalike } from './lookalike/index.ts'
import { nationalIds } from './national-ids/index.ts'
import { paymentCard } from './payment-card/index.ts'
import { roleReassignment } from './role-reassignment/index.ts'
import { schemaSmuggling } from './schema-smuggling/index.ts'
import { secrets } from './secrets/index.ts'
import { sourceCode } from './source-code/index.ts'
import { structuredContent } from './structured-content/index.ts'
import { toolImperatives } from './tool-imperatives/index.ts'
import { toolPoisoning } from './tool-poisoning/index.ts'

/** Every detector that needs no configuration. A new one is a folder and a line here; `detectors.contract.ts` then tests it. */
export const detectors = [
  boundaryMarkers,
  contact,
  cryptoAddress,
  encodedInstructions,
  exfiltrationRequests,
  health,
  hiddenText,
  iban,
  instructionOverride,
  lookalike,
  nationalIds,
  paymentCard,
  roleReassignment,
  schemaSmuggling,
  secrets,
  sourceCode,
  structuredContent,
  toolImperatives,
  toolPoisoning,
] as const
