import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tempFolder } from './fixtures/world.ts'
import { loadConfig } from './load-config.ts'

let folder: ReturnType<typeof tempFolder>
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => folder.remove())

function load(keys: object) {
  const file = join(folder.path, 'sallyport.yaml')
  writeFileSync(file, JSON.stringify({ apiVersion: 'sallyport/v1', vault: { keys } }))
  return loadConfig(file, { TOKEN: 'from-env' })
}
const transit = { source: 'vault-transit', url: 'https://vault.example', key: 'sallyport', token: '${env:TOKEN}', caFile: 'ca.pem' }

test('the key source is the local file unless another one is named', () => {
  expect(loadConfig(write({})).config.vault).toEqual({ keys: { source: 'local' }, cacheMs: 300_000 })
})

test('R233: the token is a secret that is filled in, and paths begin at the configuration', () => {
  const { config, secrets } = load(transit)
  expect(config.vault.keys).toMatchObject({
    token: 'from-env',
    caFile: join(folder.path, 'ca.pem'),
    mount: 'transit',
    allowPrivateNetwork: false,
  })
  expect(secrets).toContain('from-env')
})

test('R234: no token and no key travels in the clear off this machine', () => {
  const refused = (keys: object) => expect(() => load(keys)).toThrow(expect.objectContaining({ code: 'CONFIG_INSECURE' }))
  refused({ ...transit, url: 'http://vault.example' })
  refused({ source: 'aws-kms', keyId: 'alias/sallyport', region: 'eu-central-1', endpoint: 'http://kms.example' })
  expect(load({ ...transit, url: 'http://127.0.0.1:8200' }).config.vault.keys.source).toBe('vault-transit')
})

test.each([
  { source: 'vault-transit' },
  { ...transit, key: 'a/b' },
  { source: 'aws-kms', keyId: 'k', region: 'nowhere!' },
  { source: 'other' },
  { source: 'local', more: 1 },
])('the key source %j is refused', (keys) => expect(() => load(keys)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' })))

function write(more: object): string {
  const file = join(folder.path, 'plain.yaml')
  writeFileSync(file, JSON.stringify({ apiVersion: 'sallyport/v1', ...more }))
  return file
}
