import type { IncomingMessage } from 'node:http'
import { GatewayError } from '@sallyport/core'
import { type ByteBudget, COST_FACTOR } from './byte-budget.ts'
import { collect, decodeUtf8 } from './collect.ts'

export interface Body {
  readonly text: string
  readonly bytes: number
  /** Returns what the body cost to the budget; call once, when the exchange is over. */
  release(): void
}

/**
 * Reads a request body whole. The declared length is checked before a byte is read, the real one as bytes arrive.
 * @throws GatewayError `REQUEST_TOO_LARGE`, `LIMIT_OVERLOADED`, `REQUEST_MALFORMED` (not UTF-8), `REQUEST_CANCELLED`
 */
export async function readBody(request: IncomingMessage, bytesMax: number, budget: ByteBudget): Promise<Body> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bytesMax) throw tooLarge(bytesMax)
  let taken = declared * COST_FACTOR
  budget.take(taken)
  const release = (): void => {
    budget.give(taken)
    taken = 0
  }
  let bytes = 0
  try {
    const body = await collect(request, (more) => {
      bytes += more
      if (bytes > bytesMax) throw tooLarge(bytesMax)
      const uncovered = bytes * COST_FACTOR - taken
      if (uncovered <= 0) return
      budget.take(uncovered)
      taken += uncovered
    })
    const text = decodeUtf8(body)
    if (text === undefined) throw new GatewayError('REQUEST_MALFORMED', 'the body is not UTF-8')
    return { text, bytes, release }
  } catch (error) {
    release()
    if (error instanceof GatewayError) throw error
    throw new GatewayError('REQUEST_CANCELLED', 'the client closed the request', { cause: error })
  }
}

function tooLarge(bytesMax: number): GatewayError {
  return new GatewayError('REQUEST_TOO_LARGE', `the body is larger than ${bytesMax} bytes`)
}
