import { setTimeout as pause } from 'node:timers/promises'
import { isGatewayError } from '@sallyport/core'

/** Plans of one call while other replicas change the state under it; a busy company changes it a hundred times a second. */
const ATTEMPTS_MAX = 40
/**
 * Longest wait before another attempt; each may wait twice as long as the one before. Those who met once shall not meet
 * again, and whoever isolates an agent stands in the same queue.
 */
const PAUSE_MS_MAX = 20
const FIRST_PAUSE_MS_MAX = 4

/** Does something that is planned on the state as it is, again when somebody else was faster. @throws GatewayError what it throws */
export async function againIfMoved<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'STORE_MOVED' || attempt === ATTEMPTS_MAX) throw error
      await pause(Math.random() * Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS_MAX * 2 ** (attempt - 1)))
    }
  }
}
