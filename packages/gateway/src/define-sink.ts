import type { Format, FormatContext, SecurityEvent } from '@sallyport/core'

/** A destination of events that is open. */
export interface Sink {
  /**
   * Resolves once the destination has every event for good, as far as its protocol can say so. Rejecting means that all of them
   * come again: a receiver knows repeats by the event’s id.
   * @throws GatewayError `SINK_UNAVAILABLE` to try again later, `SINK_REJECTED` when it will never take them.
   */
  send(events: readonly SecurityEvent[], signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** What a sink is opened with besides its own options. */
export interface SinkDeps {
  readonly format: Format
  readonly context: FormatContext
  readonly nowMs: () => number
  readonly randomUuid: () => string
}

/** A kind of destination; `sinks/index.ts` lists all, `sinks.contract.ts` says what each owes. */
export interface SinkType<C extends { readonly type: string }> {
  /** The name of its folder, and `type` in the configuration. */
  readonly id: C['type']
  /** Most events of one batch. */
  readonly eventsMax: number
  readonly open: (config: C, deps: SinkDeps) => Sink
}

/** Declares a kind of destination; gives `open` its types. */
export function defineSink<C extends { readonly type: string }>(type: SinkType<C>): SinkType<C> {
  return type
}

/** The events as records of the sink’s format; those without a form are left out. */
export function writeRecords(
  events: readonly SecurityEvent[],
  { format, context }: Pick<SinkDeps, 'format' | 'context'>,
): string[] {
  return events.map((event) => format.format(event, context)).filter((record) => record !== undefined)
}
