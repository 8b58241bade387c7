import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Hex } from '@sallyport/core'
import { expect, test } from 'vitest'
import { keepConfig, publicConfig } from './config-hash.ts'
import { Config } from './config.ts'
import { tempFolder } from './fixtures/world.ts'

const loaded = (token: string, url = 'http://127.0.0.1:1/') => ({
  config: Config.parse({
    apiVersion: 'sallyport/v1',
    servers: {
      a: {
        transport: 'http',
        url,
        headers: { authorization: `Bearer ${token}` },
        agents: { x: { headers: { 'x-key': 'literal-one' } } },
      },
      b: { transport: 'stdio', command: 'run', args: ['--with', `in-${token}`], env: { KEY: 'literal-two' } },
    },
  }),
  secrets: [token],
})

test('R185: the hash names the configuration without its secrets', () => {
  const { text, hash } = publicConfig(loaded('s3cret'))
  expect(hash).toBe(sha256Hex(text))
  for (const secret of ['s3cret', 'literal-one', 'literal-two']) expect(text).not.toContain(secret)
  expect(text).toContain('"command":"run"')
  expect(publicConfig(loaded('another')).hash).toBe(hash)
  expect(publicConfig(loaded('s3cret', 'http://127.0.0.1:2/')).hash).not.toBe(hash)
})

test('R185: what was in force can be read back by its hash, and is written once', () => {
  const folder = tempFolder()
  const config = publicConfig(loaded('s3cret'))
  keepConfig(join(folder.path, 'configs'), config)
  keepConfig(join(folder.path, 'configs'), { ...config, text: 'forged' })
  expect(readdirSync(join(folder.path, 'configs'))).toEqual([`${config.hash}.json`])
  expect(readFileSync(join(folder.path, 'configs', `${config.hash}.json`), 'utf8')).toBe(config.text)
  folder.remove()
})
