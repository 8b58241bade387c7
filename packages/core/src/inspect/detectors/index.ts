import { hiddenText } from './hidden-text/index.ts'
import { lookalike } from './lookalike/index.ts'
import { secrets } from './secrets/index.ts'
import { sourceCode } from './source-code/index.ts'
import { toolPoisoning } from './tool-poisoning/index.ts'

/** Every detector. A new one is a folder and a line here; `detectors.contract.ts` then tests it. */
export const detectors = [hiddenText, lookalike, secrets, sourceCode, toolPoisoning] as const
