import { setTimeout as delay } from 'node:timers/promises'
import { isGatewayError } from '@sallyport/core'
import type { Connection } from './connection.ts'
import type { HttpLink } from './http-link.ts'

const RECONNECT_MS = 5_000

/**
 * Listens for what changes at a server outside any call: `subscriptions/listen` in the stateless revision, the GET stream in the
 * handshake one; a process of that era just talks. Best effort: pins are checked again before calls whether or not it works.
 */
export function followChanges(connection: Connection, signal: AbortSignal, http?: HttpLink): void {
  const { capabilities } = connection
  const notifications = {
    ...(capabilities['tools'] ? { toolsListChanged: true } : {}),
    ...(capabilities['prompts'] ? { promptsListChanged: true } : {}),
    ...(capabilities['resources'] ? { resourcesListChanged: true } : {}),
  }
  if (connection.era === 'legacy' && !http) return
  void loop()

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      try {
        if (connection.era === 'modern') {
          const { link } = connection
          const onNotification = (method: string, params: Parameters<typeof link.onEvent>[1]): void => link.onEvent(method, params)
          await connection.call({
            method: 'subscriptions/listen',
            params: { notifications },
            timeoutMs: 2 ** 31 - 1,
            signal,
            onNotification,
          })
        } else if (!(await http?.follow(signal))) return
      } catch (error) {
        // A server without the method says so, and a dead link is reopened, with a new follower, by the next call.
        if (!isGatewayError(error) || error.code === 'UPSTREAM_UNAVAILABLE') return
      }
      await delay(RECONNECT_MS, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }
}
