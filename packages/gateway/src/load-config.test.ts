import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tempFolder } from './fixtures/world.ts'
import { isLoopback } from './is-loopback.ts'
import { loadConfig } from './load-config.ts'
import { YAML_BYTES_MAX } from './read-yaml.ts'

let folder: ReturnType<typeof tempFolder>
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => folder.remove())

function load(text: string, env: Record<string, string> = {}) {
  const file = join(folder.path, 'sallyport.yaml')
  writeFileSync(file, text)
  return loadConfig(file, env)
}
/** Loads and gives what was thrown. */
function failure(text: string): unknown {
  try {
    return load(text)
  } catch (error) {
    return error
  }
}
const refusal = (code: string, words: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(words) })
const HEAD = 'apiVersion: sallyport/v1\n'

describe('loadConfig', () => {
  test('fills in defaults and resolves secrets in secret fields only', () => {
    mkdirSync(join(folder.path, 'secrets'))
    writeFileSync(join(folder.path, 'secrets/token'), 'from-file\n', { mode: 0o600 })
    const { config, secrets, manifestsDir } = load(
      `${HEAD}servers:
  docs: { transport: http, url: "https://docs.example", headers: { Authorization: "Bearer \${env:TOKEN}" }, agents: { a: { headers: { x: "\${file:secrets/token}" } } } }
  erp: { transport: stdio, command: "\${env:TOKEN}", env: { KEY: "\${env:TOKEN}" } }\n`,
      { TOKEN: 'from-env' },
    )
    expect(config.listen).toMatchObject({ host: '127.0.0.1', port: 7700 })
    expect(config.servers['docs']).toMatchObject({
      headers: { Authorization: 'Bearer from-env' },
      agents: { a: { headers: { x: 'from-file' } } },
    })
    // Outside the secret fields a reference is plain text: nothing is read for it.
    expect(config.servers['erp']).toMatchObject({ command: '${env:TOKEN}', env: { KEY: 'from-env' } })
    expect(secrets.toSorted()).toEqual(['from-env', 'from-env', 'from-file'])
    expect(manifestsDir).toBe(join(folder.path, 'manifests'))
  })

  test('R022: a missing or readable secret is refused, without a word of it', () => {
    const withHeader = (reference: string) =>
      `${HEAD}servers: { docs: { transport: http, url: "https://d.example", headers: { a: "${reference}" } } }\n`
    expect(failure(withHeader('${env:NOPE}'))).toEqual(refusal('CONFIG_INVALID', /servers\.docs\.headers\.a.*NOPE is not set/))
    expect(failure(withHeader('${vault:x}'))).toEqual(refusal('CONFIG_INVALID', /\$\{env:NAME\} or \$\{file:path\}/))
    writeFileSync(join(folder.path, 'token'), 'hunter2', { mode: 0o600 })
    chmodSync(join(folder.path, 'token'), 0o644)
    expect(failure(withHeader('${file:token}'))).toEqual(refusal('CONFIG_INSECURE', /chmod 600 .*token$/))
    chmodSync(join(folder.path, 'token'), 0o600)
    writeFileSync(join(folder.path, 'token'), 'a\r\nInjected: header\n')
    expect(failure(withHeader('${file:token}'))).toEqual(refusal('CONFIG_INVALID', /line break$/))
  })

  test('R234: plain HTTP is refused off loopback: listening, servers, key sets, public address', () => {
    expect(failure(`${HEAD}listen: { host: 0.0.0.0 }\n`)).toEqual(refusal('CONFIG_INSECURE', /listen.*tls/))
    expect(failure(`${HEAD}listen: { host: 127.0.0.1.evil.example }\n`)).toEqual(refusal('CONFIG_INSECURE', /listen/))
    expect(failure(`${HEAD}servers: { d: { transport: http, url: "http://d.example/mcp" } }\n`)).toEqual(
      refusal('CONFIG_INSECURE', /servers\.d\.url.*https/),
    )
    expect(failure(`${HEAD}publicUrl: "http://gw.example"\n`)).toEqual(refusal('CONFIG_INSECURE', /publicUrl/))
    expect(failure(`${HEAD}issuers: [{ issuer: i, jwksUrl: "http://i.example/jwks", audience: a, identifies: users }]\n`)).toEqual(
      refusal('CONFIG_INSECURE', /issuers\.0\.jwksUrl/),
    )
    expect(failure(`${HEAD}servers: { d: { transport: http, url: "https://user:pw@d.example" } }\n`)).toEqual(
      refusal('CONFIG_INSECURE', /headers, not into the URL/),
    )
    expect(load(`${HEAD}listen: { host: 0.0.0.0, tls: { certFile: c.pem, keyFile: k.pem } }\n`).config.listen.tls?.certFile).toBe(
      join(folder.path, 'c.pem'),
    )
    expect(
      load(
        `${HEAD}listen: { host: "::1" }\nservers: { d: { transport: http, url: "http://127.0.0.1:1/mcp" }, e: { transport: http, url: "http://[::1]:1/" } }\n`,
      ),
    ).toBeDefined()
  })

  test('an issuer has one source of keys and cannot pose as the gateway', () => {
    const issuer = (rest: string) => `${HEAD}issuers: [{ audience: a, identifies: users, ${rest} }]\n`
    expect(failure(issuer('issuer: i'))).toEqual(refusal('CONFIG_INVALID', /exactly one/))
    expect(failure(issuer('issuer: i, jwksFile: a.json, jwksUrl: "https://i.example"'))).toEqual(
      refusal('CONFIG_INVALID', /exactly one/),
    )
    expect(failure(issuer('issuer: "sallyport:local", jwksFile: a.json'))).toEqual(refusal('CONFIG_INVALID', /gateway’s own/))
    expect(load(issuer('issuer: i, jwksFile: a.json')).config.issuers[0]?.jwksFile).toBe(join(folder.path, 'a.json'))
  })

  describe('store', () => {
    const store = (members: string) => `${HEAD}store: { type: postgres, ${members} }\n`

    test('is embedded unless a database is named; its URLs are secrets', () => {
      expect(load(HEAD).config.store).toEqual({ type: 'embedded' })
      const { config, secrets } = load(store('url: "postgres://g:${env:PASSWORD}@127.0.0.1/sallyport"'), { PASSWORD: 'hunter2' })
      expect(config.store).toMatchObject({ type: 'postgres', url: 'postgres://g:hunter2@127.0.0.1/sallyport', poolMax: 10 })
      expect(secrets).toContain('hunter2')
    })

    test('R234: a password leaves this machine only under TLS, or where an operator says that something else encrypts', () => {
      const url = 'url: "postgres://g:p@db.example/sallyport'
      for (const query of ['', '?sslmode=disable', '?sslmode=prefer', '?sslmode=no-verify'])
        expect(failure(store(`${url}${query}"`))).toEqual(refusal('CONFIG_INSECURE', /store\.url: no TLS/))
      for (const other of ['postgres:///s?host=db.example', 'postgres://127.0.0.1/s?host=127.0.0.1&host=db.example'])
        expect(failure(store(`url: "${other}"`)), other).toEqual(refusal('CONFIG_INSECURE', /store\.url: no TLS/))
      expect(failure(store(`${url}?sslmode=verify-full&sslmode=disable"`))).toEqual(
        refusal('CONFIG_INSECURE', /store\.url: no TLS/),
      )
      expect(failure(store(`${url}?sslmode=require&uselibpqcompat=true"`))).toEqual(
        refusal('CONFIG_INSECURE', /store\.url: no TLS/),
      )
      expect(load(store('url: "postgres:///s?host=/var/run/postgresql"'))).toBeDefined()
      expect(load(store(`${url}?sslmode=verify-full"`))).toBeDefined()
      expect(load(store(`${url}", allowPlaintext: true`))).toBeDefined()
      const two = store('url: "postgres://g@127.0.0.1/s", auditorUrl: "postgres://a:p@db.example/s"')
      expect(failure(two)).toEqual(refusal('CONFIG_INSECURE', /store\.auditorUrl/))
    })

    test.each(['mysql://a@127.0.0.1/b', 'not a url', 'https://127.0.0.1/'])(
      '%s is no database of ours, and is not echoed',
      (url) => {
        expect(failure(store(`url: "${url}"`))).toEqual(refusal('CONFIG_INVALID', /must be postgres:/))
      },
    )
  })

  test.each([
    ['an unknown key', `${HEAD}lisen: {}\n`, /lisen/],
    ['an unknown nested key', `${HEAD}listen: { prot: 1 }\n`, /listen.*prot/],
    ['a wrong type', `${HEAD}listen: { port: many }\n`, /listen\.port/],
    ['a number out of range', `${HEAD}listen: { port: 70000 }\n`, /listen\.port/],
    ['NaN', `${HEAD}checkpointMs: .nan\n`, /checkpointMs/],
    ['infinity', `${HEAD}checkpointMs: .inf\n`, /checkpointMs/],
    ['a fraction', `${HEAD}checkpointMs: 100.5\n`, /checkpointMs/],
    ['a duplicate key', `${HEAD}listen: { port: 1, port: 2 }\n`, /unique/],
    ['two documents', `${HEAD}---\n${HEAD}`, /multiple documents/i],
    ['a custom tag', `${HEAD}manifests: !!js/function x\n`, /tag/i],
    ['a broken file', 'a: [', /sallyport\.yaml/],
    ['nothing', '', /document/],
  ])('refuses %s, naming the place', (_, text, words) => {
    expect(failure(text)).toEqual(refusal('CONFIG_INVALID', words))
  })

  test('refuses alias bombs, nesting bombs and large files quickly', () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghi'
      .split('')
      .map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(9)}]`)
      .join('\n')}\n`
    expect(failure(HEAD + bomb)).toEqual(refusal('CONFIG_INVALID', /aliases/))
    expect(failure(`${HEAD}a: ${'['.repeat(100_000)}`)).toEqual(refusal('CONFIG_INVALID', /sallyport\.yaml/))
    expect(failure('#'.repeat(YAML_BYTES_MAX + 1))).toEqual(refusal('CONFIG_INVALID', /larger than/))
  })

  test('a missing file is named', () => {
    expect(() => loadConfig(join(folder.path, 'nope.yaml'))).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(/nope\.yaml/) }),
    )
  })
})

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['localhost', true],
  ['[::1]', true],
  ['0.0.0.0', false],
  ['127.0.0.1.nip.io', false],
  ['localhost.example', false],
  ['::', false],
])('isLoopback(%s) is %s', (host, expected) => expect(isLoopback(host)).toBe(expected))
