import { GatewayError, type JsonObject } from '@sallyport/core'
import { afterEach, expect, test, vi } from 'vitest'
import { RpcError } from '../wire.ts'
import type { Connection } from './connection.ts'
import { followChanges } from './follow.ts'
import type { HttpLink } from './http-link.ts'
import type { LinkCall } from './link.ts'

const stop = new AbortController()
afterEach(() => vi.useRealTimers())

/** A connection whose calls end as told, one after the other; the last way counts from then on. */
function connected(
  era: 'modern' | 'legacy',
  ends: (() => Promise<JsonObject>)[],
): { connection: Connection; calls: LinkCall[]; events: string[] } {
  const calls: LinkCall[] = []
  const events: string[] = []
  const link = { onEvent: (method: string) => events.push(method) }
  const call = (request: LinkCall): Promise<JsonObject> => (
    calls.push(request),
    (ends[calls.length - 1] ?? ends.at(-1) ?? (() => new Promise(() => {})))()
  )
  return { connection: { era, capabilities: { tools: {}, resources: {} }, link, call } as unknown as Connection, calls, events }
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const never = (): Promise<JsonObject> => new Promise(() => {})

test('stateless revision: asks for the changes of what the server has, and passes them on', async () => {
  const { connection, calls, events } = connected('modern', [never])
  followChanges(connection, stop.signal)
  await settle()
  expect(calls[0]).toMatchObject({
    method: 'subscriptions/listen',
    params: { notifications: { toolsListChanged: true, resourcesListChanged: true } },
  })
  calls[0]?.onNotification?.('notifications/tools/list_changed', {})
  expect(events).toEqual(['notifications/tools/list_changed'])
})

test.each<[string, () => Promise<JsonObject>]>([
  ['a server without the method', () => Promise.reject(new RpcError(-32_601, 'no'))],
  ['a dead link', () => Promise.reject(new GatewayError('UPSTREAM_UNAVAILABLE', 'gone'))],
])('%s is not asked again', async (_title, end) => {
  const { connection, calls } = connected('modern', [end])
  followChanges(connection, stop.signal)
  await settle()
  await settle()
  expect(calls).toHaveLength(1)
})

test('handshake era: the GET stream is opened; a process just talks', async () => {
  const { connection, calls } = connected('legacy', [never])
  const follow = vi.fn<() => Promise<boolean>>(() => Promise.resolve(false))
  followChanges(connection, stop.signal, { follow } as unknown as HttpLink)
  followChanges(connection, stop.signal)
  await settle()
  expect(follow).toHaveBeenCalledTimes(1)
  expect(calls).toEqual([])
})

test('nothing is followed once the gateway stops', async () => {
  const { connection, calls } = connected('modern', [never])
  followChanges(connection, AbortSignal.abort())
  await settle()
  expect(calls).toEqual([])
})
