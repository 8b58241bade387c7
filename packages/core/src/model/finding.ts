/** What a detector saw. Detectors report; they never decide. Offsets are UTF-16 units into the inspected text. */
export interface Finding {
  readonly detector: string
  readonly code: string
  readonly severity: 'info' | 'low' | 'medium' | 'high'
  /** Where: a JSON pointer into the inspected value. */
  readonly path: string
  readonly start: number
  readonly end: number
  /** Class of data that was seen: `pii`, `phi`, `pci`, `secret`, or one the configuration defines. */
  readonly class?: string
  /** How sure a classifier is, 0 to 1. */
  readonly score?: number
  /** The reading of the text it was seen in, where that is not the text as it came (`base64`, `hidden`, …). */
  readonly view?: string
  /** By which channel the text came or goes; absent for arguments. */
  readonly channel?: string
}
