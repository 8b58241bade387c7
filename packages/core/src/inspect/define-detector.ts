import type { Finding } from '../model/finding.ts'

/** Where inspected text comes from. */
export const CHANNELS = ['arguments', 'result', 'definition'] as const
export type Channel = (typeof CHANNELS)[number]

/** What a detector may know besides the text. */
export interface Surroundings {
  readonly channel: Channel
  /** JSON pointer of the text within the inspected definition; empty in other channels. */
  readonly path: string
  /** Names of tools of other servers, for definitions. */
  readonly otherTools: readonly string[]
}

/** A place in the text, in UTF-16 units, and what was seen there. */
export type Sighting = Pick<Finding, 'code' | 'severity' | 'start' | 'end'>

/**
 * Looks at one text and reports. It never decides, never changes the text, keeps no state, and takes time linear in the length
 * of the text; `detectors.contract.ts` holds every detector to that.
 */
export interface Detector {
  /** The name of its folder. */
  readonly id: string
  readonly channels: readonly Channel[]
  readonly detect: (text: string, surroundings: Surroundings) => readonly Sighting[]
}

/** Declares a detector; the list of all is `detectors/index.ts`. */
export function defineDetector(detector: Detector): Detector {
  return detector
}
