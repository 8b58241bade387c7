import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { GatewayError } from '@sallyport/core'
import type { Dispatcher } from 'undici'

export interface PoolFetchOptions {
  /** Sends what a package wants sent, and answers with a good answer only. @throws GatewayError */
  readonly request: (
    path: string,
    init: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  ) => Promise<Dispatcher.ResponseData>
  readonly origin: string
  readonly bytesMax: number
  readonly tooLarge: (bytesMax: number) => GatewayError
  /** Whatever broke while the answer came, in the gateway's words: a package would hide it in its own. */
  readonly translate: (error: unknown) => GatewayError
}

/** `fetch` for packages: to one origin, over the gateway's own connections, with every answer bounded. */
export function poolFetch({ request, origin, bytesMax, tooLarge, translate }: PoolFetchOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    const { body } = init ?? {}
    if (url.origin !== origin || init?.method !== 'POST' || typeof body !== 'string')
      throw new GatewayError('INTERNAL', 'a package asked for what it was not given for')
    const headers = Object.fromEntries(new Headers(init.headers).entries())
    const { statusCode, headers: answered, body: stream } = await request(url.pathname + url.search, { headers, body })
    const type = answered['content-type']
    return new Response(Readable.toWeb(Readable.from(bounded(stream))) as ReadableStream as globalThis.ReadableStream, {
      status: statusCode,
      headers: typeof type === 'string' ? { 'content-type': type } : {},
    })
  }

  async function* bounded(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0
    try {
      for await (const chunk of stream) {
        bytes += chunk.length
        if (bytes > bytesMax) throw tooLarge(bytesMax)
        yield chunk
      }
    } catch (error) {
      throw translate(error)
    }
  }
}
