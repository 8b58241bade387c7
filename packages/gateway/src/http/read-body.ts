import type { IncomingMessage } from 'node:http'
import { GatewayError } from '@sallyport/core'
import { type ByteBudget, COST_FACTOR } from './byte-budget.ts'

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
  try {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > bytesMax) throw tooLarge(bytesMax)
      const more = bytes * COST_FACTOR - taken
      if (more > 0) {
        budget.take(more)
        taken += more
      }
      chunks.push(chunk)
    }
    return { text: decode(chunks), bytes, release }
  } catch (error) {
    release()
    if (error instanceof GatewayError) throw error
    throw new GatewayError('REQUEST_CANCELLED', 'the client closed the request', { cause: error })
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(chunks: readonly Buffer[]): string {
  try {
    return utf8.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
  } catch {
    throw new GatewayError('REQUEST_MALFORMED', 'the body is not UTF-8')
  }
}

function tooLarge(bytesMax: number): GatewayError {
  return new GatewayError('REQUEST_TOO_LARGE', `the body is larger than ${bytesMax} bytes`)
}
