import type { FollowerStatus, Skipped } from './follow-log.ts'

export interface SinkStatus extends FollowerStatus {
  readonly id: string
  readonly type: string
  readonly format: string
}

/** Consecutive entries that each gave a sink at least one event. `to` is exclusive. */
export interface IndexRange {
  readonly from: number
  readonly to: number
}

/** What a sink should have received of a part of the log. */
export interface Expected {
  readonly entries: number
  readonly events: number
  readonly ranges: readonly IndexRange[]
  /** Ranges recorded in this part of the log as never sent to this sink; they lie before their record. */
  readonly dropped: readonly Skipped[]
}

/** The sinks of a running gateway, as the control plane and the metrics see them. */
export interface SinksView {
  status(): readonly SinkStatus[]
  /** @throws GatewayError `NOT_FOUND` when no sink has this id. */
  expected(sink: string, range: IndexRange): Promise<Expected>
}
