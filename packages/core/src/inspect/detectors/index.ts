import { boundaryMarkers } from './boundary-markers/index.ts'
import { encodedInstructions } from './encoded-instructions/index.ts'
import { exfiltrationRequests } from './exfiltration-requests/index.ts'
import { hiddenText } from './hidden-text/index.ts'
import { instructionOverride } from './instruction-override/index.ts'
import { lookalike } from './lookalike/index.ts'
import { roleReassignment } from './role-reassignment/index.ts'
import { schemaSmuggling } from './schema-smuggling/index.ts'
import { toolImperatives } from './tool-imperatives/index.ts'
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
  schemaSmuggling,
] as const
