import { isGatewayError } from '@sallyport/core'

/** Plans of one call while other replicas change the state under it. */
const ATTEMPTS_MAX = 8

/** Does something that is planned on the state as it is, again when somebody else was faster. @throws GatewayError what it throws */
export async function againIfMoved<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'STORE_MOVED' || attempt === ATTEMPTS_MAX) throw error
    }
  }
}
