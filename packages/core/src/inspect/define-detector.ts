import type { Channel } from '../model/channel.ts'
import type { Finding } from '../model/finding.ts'
import type { ViewKind } from './reading/view.ts'

/** What a detector may know besides the text. */
export interface Surroundings {
  readonly channel: Channel
  /** JSON pointer of the text within the inspected definition; empty in other channels. */
  readonly path: string
  /** Name of the member whose value the text is; empty when there is none. A context such as `cardNumber` or `password`. */
  readonly field: string
  /** The reading of the original that the text is. */
  readonly view: ViewKind
  /** Names of tools of other servers, for definitions. */
  readonly otherTools: readonly string[]
}

/** A place in the text, in UTF-16 units, and what was seen there. */
export type Sighting = Pick<Finding, 'code' | 'severity' | 'start' | 'end' | 'class' | 'score'>

/**
 * Looks at one text and reports. It never decides, never changes the text, keeps no state, and takes time linear in the length
 * of the text; `detectors.contract.ts` holds every detector to that.
 */
export interface Detector {
  /** The name of its folder. */
  readonly id: string
  readonly channels: readonly Channel[]
  /** `original`: the text as it came, only. `every`: each of its readings; the inspection maps places back to the original. */
  readonly reads: 'original' | 'every'
  readonly detect: (text: string, surroundings: Surroundings) => readonly Sighting[]
}

/** Declares a detector; the list of all is `detectors/index.ts`. */
export function defineDetector(detector: Detector): Detector {
  return detector
}
