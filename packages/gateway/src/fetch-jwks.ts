import { GatewayError } from '@sallyport/core'
import { requestOnce } from './request-once.ts'

const JWKS_BYTES_MAX = 262_144
const JWKS_MS = 5_000

/** Fetches a key set under the egress rules: checked address, no redirect, bounded. @throws GatewayError `KEYS_UNAVAILABLE` */
export async function fetchJwks(url: string): Promise<unknown> {
  try {
    const headers = { accept: 'application/json' }
    const { status, body } = await requestOnce(new URL(url), { method: 'GET', headers, waitMs: JWKS_MS, bytesMax: JWKS_BYTES_MAX })
    if (status !== 200) throw new Error(`status ${status}`)
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new GatewayError('KEYS_UNAVAILABLE', 'the key set could not be fetched', { cause })
  }
}
