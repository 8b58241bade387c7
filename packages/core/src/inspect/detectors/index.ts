import { hiddenText } from './hidden-text/index.ts'
import { lookalike } from './lookalike/index.ts'
import { structuredData } from './structured-data/index.ts'
import { toolPoisoning } from './tool-poisoning/index.ts'

/** Every detector. A new one is a folder and a line here; `detectors.contract.ts` then tests it. */
export const detectors = [hiddenText, lookalike, structuredData, toolPoisoning] as const
