import { formats, type SecurityEvent } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CONTEXT } from '../../../core/src/observe/fixtures/context.ts'
import { sampleEvents } from '../../../core/src/observe/fixtures/samples.ts'
import type { SinkConfig } from '../config-sinks.ts'
import type { Sink } from '../define-sink.ts'
import type { Received } from '../fixtures/receivers.ts'
import { tempFolder } from '../fixtures/world.ts'
import { openSink } from './index.ts'

/** A destination a sink can be tried on. */
export interface SinkKind {
  readonly name: string
  /** Starts the real receiver; `port` when it should listen where it did before. */
  start(to: { readonly folder: string; readonly port?: number; readonly onReceived: (received: Received) => void }): Promise<{
    readonly port: number
    stop(): Promise<void>
  }>
  config(place: { readonly folder: string; readonly port: number }): unknown
  /** Whether an unreachable receiver exists; a file is always there. */
  readonly isRemote: boolean
}

/** Opens a sink as the composition root does. */
export function openTestSink(config: SinkConfig): Sink {
  const format = formats.find(({ id }) => id === config.format)
  if (!format) throw new TypeError('no such format')
  return openSink(config, { format, context: CONTEXT, nowMs: Date.now, randomUuid: () => '0e3d7f5a-0000-4000-8000-000000000000' })
    .sink
}

/** What every sink owes: everything arrives, in order, under its id; failures say so and leak nothing; repeats are recognisable. */
export function sinkContract(kind: SinkKind, parse: (config: unknown) => SinkConfig): void {
  describe(`sink contract: ${kind.name}`, () => {
    const events = sampleEvents()
    let folder: ReturnType<typeof tempFolder>
    let received: Received[]
    let receiver: Awaited<ReturnType<SinkKind['start']>>
    let sink: Sink
    const onReceived = (one: Received): void => void received.push(one)
    const send = (some: readonly SecurityEvent[]) => sink.send(some, AbortSignal.timeout(10_000))
    const config = (): SinkConfig => parse(kind.config({ folder: folder.path, port: receiver.port }))

    beforeEach(async () => {
      folder = tempFolder()
      received = []
      receiver = await kind.start({ folder: folder.path, onReceived })
      sink = openTestSink(config())
    })
    afterEach(async () => {
      await sink.close()
      await receiver.stop()
      folder.remove()
    })
    const ids = async () => {
      if (!kind.isRemote) await receiver.stop()
      return received.map(({ id, index }) => [id, index])
    }
    const wanted = events.map(({ id, log }) => [id, log.index])

    test('R137: every event arrives in order with its id and its place in the log', async () => {
      for (let at = 0; at < events.length; at += 5) await send(events.slice(at, at + 5))
      expect(await ids()).toEqual(wanted)
    })

    test('R137: what is sent again has the same id', async () => {
      await send(events)
      await send(events)
      expect(new Set((await ids()).map(([id]) => id))).toEqual(new Set(events.map(({ id }) => id)))
    })

    test('a batch without events does nothing', async () => {
      await send([])
      expect(await ids()).toEqual([])
    })

    test.skipIf(!kind.isRemote)(
      'R137: a receiver that is down is an error to try again, and after its restart everything arrives',
      async () => {
        await send(events.slice(0, 3))
        await receiver.stop()
        await expect(send(events.slice(3))).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' })
        receiver = await kind.start({ folder: folder.path, port: receiver.port, onReceived })
        await send(events.slice(3))
        expect(await ids()).toEqual(wanted)
      },
    )

    test.skipIf(!kind.isRemote)('an aborted delivery rejects', async () => {
      await expect(sink.send(events, AbortSignal.abort())).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' })
    })

    test('closing and opening again goes on', async () => {
      await send(events.slice(0, 4))
      await sink.close()
      sink = openTestSink(config())
      await send(events.slice(4))
      expect(await ids()).toEqual(wanted)
    })
  })
}
