import { GatewayError, isGatewayError, type KeySource } from '@sallyport/core'
import { z } from 'zod'
import { collect } from '../../collect.ts'
import type { TransitKeys } from '../../config-vault.ts'
import { openPool } from '../../egress.ts'
import { readCa } from '../../http-destination.ts'

const ANSWER_BYTES_MAX = 65_536
const WAIT_MS_MAX = 5_000

/** `vault:v3:…`. */
const Ciphertext = z
  .string()
  .max(10_000)
  .regex(/^vault:v[1-9][0-9]{0,8}:[A-Za-z0-9+/=]+$/)
const Encrypted = z.object({ data: z.object({ ciphertext: Ciphertext }) })
const Decrypted = z.object({ data: z.object({ plaintext: z.base64().max(100) }) })
const Described = z.object({ data: z.object({ latest_version: z.int().min(1), min_available_version: z.int().min(0) }) })

/**
 * A key of the transit engine of HashiCorp Vault or OpenBao. Destroying a version raises `min_decryption_version` and trims: the
 * server forgets it, also for whoever holds an older ciphertext.
 * @see https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
export function openTransitKeys(config: TransitKeys): KeySource {
  const base = new URL(config.url)
  const pool = openPool(base, config.allowPrivateNetwork, { ca: readCa(config.caFile) })
  const key = encodeURIComponent(config.key)
  const headers = {
    'x-vault-token': config.token,
    'x-vault-request': 'true',
    'content-type': 'application/json',
    ...(config.namespace === undefined ? {} : { 'x-vault-namespace': config.namespace }),
  }
  return {
    name: `vault-transit:${config.mount}/${config.key}`,
    async wrap(bytes, context) {
      const { data } = Encrypted.parse(
        await ask(`encrypt/${key}`, { plaintext: base64(bytes), associated_data: base64(Buffer.from(context)) }),
      )
      return { version: versionOf(data.ciphertext), bytes: Buffer.from(data.ciphertext, 'latin1') }
    },
    async unwrap({ version, bytes }, context) {
      const ciphertext = Buffer.from(bytes).toString('latin1')
      try {
        const { data } = Decrypted.parse(await ask(`decrypt/${key}`, { ciphertext, associated_data: base64(Buffer.from(context)) }))
        return new Uint8Array(Buffer.from(data.plaintext, 'base64'))
      } catch (error) {
        const { data } = Described.parse(await ask(`keys/${key}`))
        if (version < data.min_available_version)
          throw new GatewayError('CONTENT_ERASED', 'the version of the wrapping key is destroyed', { cause: error })
        throw error
      }
    },
    async rotate() {
      await ask(`keys/${key}/rotate`, {})
      return (await describe()).latest_version
    },
    async destroyBefore(version) {
      if ((await describe()).min_available_version >= version) return true
      await ask(`keys/${key}/config`, { min_decryption_version: version, min_encryption_version: version })
      await ask(`keys/${key}/trim`, { min_available_version: version })
      return true
    },
    close: () => pool.destroy(),
  }

  async function describe(): Promise<z.infer<typeof Described>['data']> {
    return Described.parse(await ask(`keys/${key}`)).data
  }

  /** Reads without a body, else posts. @throws GatewayError `VAULT_UNAVAILABLE`, without the server's words */
  async function ask(path: string, body?: Readonly<Record<string, string | number>>): Promise<unknown> {
    try {
      const response = await pool.request({
        method: body ? 'POST' : 'GET',
        path: `${base.pathname.replace(/\/$/, '')}/v1/${config.mount}/${path}`,
        headers,
        body: body ? JSON.stringify(body) : null,
        headersTimeout: WAIT_MS_MAX,
        bodyTimeout: WAIT_MS_MAX,
        signal: AbortSignal.timeout(WAIT_MS_MAX),
      })
      let bytes = 0
      const answer = await collect(response.body, (more) => {
        bytes += more
        if (bytes > ANSWER_BYTES_MAX) throw new GatewayError('VAULT_UNAVAILABLE', 'the answer of the key server is too large')
      })
      if (response.statusCode < 200 || response.statusCode >= 300)
        throw new GatewayError('VAULT_UNAVAILABLE', `the key server answered with status ${response.statusCode}`)
      return answer.length === 0 ? {} : JSON.parse(answer.toString('utf8'))
    } catch (cause) {
      throw isGatewayError(cause) ? cause : new GatewayError('VAULT_UNAVAILABLE', 'the key server cannot be asked', { cause })
    }
  }
}

function versionOf(ciphertext: string): number {
  return Number(ciphertext.slice('vault:v'.length).split(':', 1)[0])
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
