import type { ErrorCode } from '@sallyport/core'

/** Why a verb was not done: what the control plane says (RFC 9457), or that it does not answer. */
export class ControlProblem extends Error {
  /** What to go by; codes are stable. `UNREACHABLE` leaves open whether it was done. */
  readonly code: ErrorCode | 'UNREACHABLE'
  /** HTTP status; 0 without an answer. */
  readonly status: number
  constructor(
    said: { readonly code: ErrorCode | 'UNREACHABLE'; readonly status: number; readonly detail: string },
    cause?: unknown,
  ) {
    super(said.detail, cause === undefined ? undefined : { cause })
    this.name = 'ControlProblem'
    this.code = said.code
    this.status = said.status
  }
}
