import { readFile } from 'node:fs/promises'
import { GatewayError } from '@sallyport/core'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import type { Issuer } from '../config.ts'

/** Fetches a JWKS document; the only network access of identity. Rejects on anything but a 200 with JSON. */
export type FetchJwks = (url: string) => Promise<unknown>

/** Longest use of fetched keys. Past it they are fetched again, and a failure refuses. */
export const KEYS_AGE_MS_MAX = 300_000
/** Shortest time between two fetches because of a key id nobody knows. */
export const KEYS_REFETCH_MS_MIN = 30_000
const KEYS_MAX = 100
const KEYS_FILE_BYTES_MAX = 262_144

/** Asymmetric public keys only: a symmetric or private key in a key set is somebody's mistake or an attack. */
const PublicJwk = z
  .looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']), kid: z.string().max(500).optional() })
  .refine((key) => !('d' in key) && !('k' in key), 'must be a public key')
const KeySet = z.object({ keys: z.array(PublicJwk).max(KEYS_MAX) })

/**
 * Keys of one issuer, for `jwtVerify`. Concurrent callers share one fetch.
 * @throws GatewayError `KEYS_UNAVAILABLE` when the keys cannot be had; jose's `JWKSNoMatchingKey` when there is no such key.
 */
export function openKeySource(
  issuer: Pick<Issuer, 'jwksUrl' | 'jwksFile'>,
  deps: { readonly fetchJwks: FetchJwks; readonly nowMs: () => number },
): JWTVerifyGetKey {
  let cache: { readonly find: JWTVerifyGetKey; readonly fetchedMs: number } | undefined
  let loading: Promise<JWTVerifyGetKey> | undefined

  return async (header, token) => {
    const ageMs = cache === undefined ? Infinity : deps.nowMs() - cache.fetchedMs
    const find = cache !== undefined && ageMs <= KEYS_AGE_MS_MAX ? cache.find : await load()
    try {
      return await find(header, token)
    } catch (error) {
      if (
        !(error instanceof errors.JWKSNoMatchingKey) ||
        cache === undefined ||
        deps.nowMs() - cache.fetchedMs < KEYS_REFETCH_MS_MIN
      )
        throw error
      return (await load())(header, token)
    }
  }

  function load(): Promise<JWTVerifyGetKey> {
    loading ??= fetchKeys().finally(() => {
      loading = undefined
    })
    return loading
  }

  async function fetchKeys(): Promise<JWTVerifyGetKey> {
    try {
      const document = issuer.jwksUrl === undefined ? await readKeys(issuer.jwksFile ?? '') : await deps.fetchJwks(issuer.jwksUrl)
      const find = createLocalJWKSet(KeySet.parse(document) as JSONWebKeySet)
      cache = { find, fetchedMs: deps.nowMs() }
      return find
    } catch (cause) {
      throw new GatewayError('KEYS_UNAVAILABLE', 'the keys of the issuer cannot be fetched', { cause, retryAfterMs: 5_000 })
    }
  }
}

async function readKeys(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8')
  if (text.length > KEYS_FILE_BYTES_MAX) throw new RangeError('the key set is too large')
  return JSON.parse(text)
}
