import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keySourceContract } from '../key-source.contract.ts'
import { startRealServer } from './fixtures/real-server.ts'
import { startTransitServer, type TransitServer } from './fixtures/transit-server.ts'
import { openTransitKeys } from './index.ts'

/** Path of a HashiCorp Vault or OpenBao binary; where it is not set its suite is skipped by name. */
const program = process.env['SALLYPORT_TEST_VAULT'] ?? ''
const START_MS_MAX = 90_000

describe.skipIf(program === '')('transit: the real server', () => {
  suite('real server', () => startRealServer(program))
})
describe('transit: a server of ours', () => {
  suite('our server', startTransitServer)
})

function suite(name: string, start: () => Promise<TransitServer>): void {
  let server: TransitServer
  let keys = 0
  beforeAll(async () => {
    server = await start()
  }, START_MS_MAX)
  afterAll(() => server.close())
  const open = (key: string, token = server.token) =>
    openTransitKeys({ source: 'vault-transit', url: server.url, key, mount: 'transit', token, allowPrivateNetwork: false })

  keySourceContract({
    name,
    destroys: true,
    make: async () => {
      const key = `key-${++keys}`
      await server.createKey(key)
      const source = open(key)
      return { source, reopen: () => open(key), remove: () => source.close() }
    },
  })

  test('a wrong token, a key that is not there and a server that is gone are an unavailable vault, and say nothing of the token', async () => {
    const sources = [
      open('none'),
      open('key-1', 'wrong-token'),
      openTransitKeys({
        source: 'vault-transit',
        url: 'http://127.0.0.1:9',
        key: 'k',
        mount: 'transit',
        token: 'secret-token',
        allowPrivateNetwork: false,
      }),
    ]
    for (const source of sources) {
      // The vault rotates before it wraps for the first time: encrypting alone would make a missing key where the token may.
      const error = await source.rotate().catch((failure: unknown) => failure as Error)
      expect(error).toMatchObject({ code: 'VAULT_UNAVAILABLE' })
      expect(String(error)).not.toContain('token')
      await source.close()
    }
  })
}
