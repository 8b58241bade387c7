/** What a detector saw. Detectors report; they never decide. Offsets are UTF-16 units into the inspected text. */
export interface Finding {
  readonly detector: string
  readonly code: string
  readonly severity: 'info' | 'low' | 'medium' | 'high'
  /** Where: a JSON pointer into the inspected value. */
  readonly path: string
  readonly start: number
  readonly end: number
}
