/** As much of `fetch` as is used. The global one fits, and so does any of a test or a proxy. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string
    readonly headers: Record<string, string>
    readonly body?: string
    readonly signal: AbortSignal
    readonly redirect: 'error'
  },
) => Promise<{
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}>

export interface Sending {
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: object
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

export interface Sent {
  readonly status: number
  /** The body, where it is JSON by its type. */
  readonly json: unknown
  /** The body, where it is not. */
  readonly text: string
  header(name: string): string | undefined
}

/** Longest answer that is taken, in UTF-16 units. */
const ANSWER_CHARS_MAX = 16 * 1_024 * 1_024

/**
 * One request and its whole answer within a time limit. A redirect is an error: what carries a credential goes where it was sent.
 * @throws unknown what `fetch` throws, a `TimeoutError`, or an error for an answer that cannot be read
 */
export async function send(fetch: Fetch, url: string, { method, headers, body, timeoutMs, signal }: Sending): Promise<Sent> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, {
    method,
    headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
    signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    redirect: 'error',
  })
  const text = await response.text()
  if (text.length > ANSWER_CHARS_MAX) throw new Error('the answer is too long')
  const isJson = /^application\/(?:problem\+)?json\b/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
    text: isJson ? '' : text,
    header: (name) => response.headers.get(name) ?? undefined,
  }
}
