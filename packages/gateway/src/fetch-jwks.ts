import { GatewayError } from '@sallyport/core'
import { collect } from './collect.ts'
import { openPool } from './egress.ts'

const JWKS_BYTES_MAX = 262_144
const JWKS_MS = 5_000

/** Fetches a key set under the egress rules: checked address, no redirect, bounded. @throws GatewayError `KEYS_UNAVAILABLE` */
export async function fetchJwks(url: string): Promise<unknown> {
  const target = new URL(url)
  let pool: ReturnType<typeof openPool> | undefined
  try {
    pool = openPool(target, false)
    const response = await pool.request({
      method: 'GET',
      path: target.pathname + target.search,
      headers: { accept: 'application/json' },
      headersTimeout: JWKS_MS,
      bodyTimeout: JWKS_MS,
      signal: AbortSignal.timeout(JWKS_MS),
    })
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
    let bytes = 0
    const body = await collect(response.body, (more) => {
      bytes += more
      if (bytes > JWKS_BYTES_MAX) throw new Error('the key set is too large')
    })
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new GatewayError('KEYS_UNAVAILABLE', 'the key set could not be fetched', { cause })
  } finally {
    await pool?.destroy()
  }
}
