import { hiddenText } from './hidden-text/index.ts'
import { lookalike } from './lookalike/index.ts'
import { structuredContent } from './structured-content/index.ts'
import { toolPoisoning } from './tool-poisoning/index.ts'

/** Every detector. A new one is a folder and a line here; `detectors.contract.ts` then tests it. */
export const detectors = [hiddenText, lookalike, structuredContent, toolPoisoning] as const
