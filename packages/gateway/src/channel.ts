import { type FormatContext, isGatewayError, type Notice, noticeOf, type SecurityEvent } from '@sallyport/core'
import type { Sink } from './define-sink.ts'

/** What one person, room or service is told. */
export interface ChannelMessage {
  readonly event: SecurityEvent
  readonly notice: Notice
  readonly to: string
}

/** A way to tell people. */
export interface Channel {
  /** Whom every message goes to, each by itself. */
  readonly to: readonly string[]
  /** Begins a batch. */
  begin(signal: AbortSignal): ChannelBatch
  close(): Promise<void>
}

export interface ChannelBatch {
  /** @throws GatewayError `SINK_UNAVAILABLE`, `SINK_REJECTED` */
  deliver(message: ChannelMessage): Promise<void>
  /** Gives up what the batch has open. */
  end?(): void
}

/** Most events of one batch: messages go one after the other, and all of them within the time of a delivery. */
export const CHANNEL_EVENTS_MAX = 16
/** Enough for whatever comes again after a failure. */
const TOLD_MAX = 2_048

/**
 * Makes a channel a sink. After a failure the whole batch comes again: who heard of an event already is not told twice by this
 * process. What one of them refuses, the others hear all the same.
 */
export function openChannel(channel: Channel, context: FormatContext): Sink {
  const told = new Set<string>()
  return {
    async send(events, signal) {
      const refusals: unknown[] = []
      const batch = channel.begin(signal)
      try {
        for (const event of events) {
          const notice = noticeOf(event, context)
          for (const to of channel.to) await tell({ event, notice, to }, batch, refusals)
        }
      } finally {
        batch.end?.()
      }
      if (refusals.length > 0) throw refusals[0]
    },
    close: () => channel.close(),
  }

  async function tell(message: ChannelMessage, batch: ChannelBatch, refusals: unknown[]): Promise<void> {
    const key = `${message.event.id} ${message.to}`
    if (told.has(key)) return
    try {
      await batch.deliver(message)
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'SINK_REJECTED') throw error
      refusals.push(error)
      return
    }
    told.add(key)
    for (const oldest of told) {
      if (told.size <= TOLD_MAX) break
      told.delete(oldest)
    }
  }
}

/** What a link to a request is called. */
export const LINK_WORDS = 'Look at it and decide'

/** The facts of a message, one a line. */
export function factLines({ facts }: Notice): string {
  return facts.map(({ name, value }) => `${name}: ${value}`).join('\n')
}
