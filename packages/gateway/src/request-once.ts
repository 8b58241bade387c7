import { collect } from './collect.ts'
import { openPool } from './egress.ts'

export interface OneRequest {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Longest wait for all of it. */
  readonly waitMs: number
  readonly bytesMax: number
}

/** One request under the egress rules: checked public or loopback address, no redirect, bounded. Rejects where it cannot be had. */
export async function requestOnce(
  target: URL,
  { method, headers, body, waitMs, bytesMax }: OneRequest,
): Promise<{ readonly status: number; readonly type: string; readonly body: Buffer }> {
  const pool = openPool(target, false)
  try {
    const response = await pool.request({
      method,
      path: target.pathname + target.search,
      headers,
      body: body ?? null,
      headersTimeout: waitMs,
      bodyTimeout: waitMs,
      signal: AbortSignal.timeout(waitMs),
    })
    let bytes = 0
    const content = await collect(response.body, (more) => {
      bytes += more
      if (bytes > bytesMax) throw new RangeError('the answer is too large')
    })
    return { status: response.statusCode, type: String(response.headers['content-type'] ?? ''), body: content }
  } finally {
    await pool.destroy()
  }
}
