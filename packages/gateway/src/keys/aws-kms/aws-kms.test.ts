import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keySourceContract } from '../key-source.contract.ts'
import { openKmsKeys } from './index.ts'

/** moto answers as AWS KMS does, with real encryption. It is a Python program: where it is missing this suite is skipped by name. */
const hasMoto = spawnSync('moto_server', ['--help']).status === 0
const READY_MS_MAX = 30_000

describe.skipIf(!hasMoto)('AWS KMS (moto)', () => {
  let endpoint = ''
  let stop: () => void = () => undefined
  beforeAll(async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'test'
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test'
    const port = await freePort()
    const server = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
    stop = () => void server.kill()
    endpoint = `http://127.0.0.1:${port}`
    const deadline = Date.now() + READY_MS_MAX
    while (
      !(await fetch(`${endpoint}/moto-api/`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      if (Date.now() > deadline) throw new Error('moto did not start')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }, 2 * READY_MS_MAX)
  afterAll(() => stop())

  keySourceContract({
    name: 'AWS KMS',
    destroys: false,
    make: async () => {
      const { KMSClient, CreateKeyCommand } = await import('@aws-sdk/client-kms')
      const client = new KMSClient({ region: 'eu-central-1', endpoint })
      const { KeyMetadata } = await client.send(new CreateKeyCommand({}))
      client.destroy()
      const open = () => openKmsKeys({ source: 'aws-kms', keyId: KeyMetadata?.KeyId ?? '', region: 'eu-central-1', endpoint })
      const source = open()
      return { source, reopen: open, remove: () => source.close() }
    },
  })

  test('a key that is not there is an unavailable vault', async () => {
    const source = openKmsKeys({ source: 'aws-kms', keyId: 'alias/none', region: 'eu-central-1', endpoint })
    await expect(source.wrap(new Uint8Array(32), 'a')).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    await source.close()
  })
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
