import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, openHome } from '@sallyport/gateway'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { RENDERED } from './rendered.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const SCRIPT = join(ROOT, 'deploy', 'make-secrets.sh')
const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.skipIf(!hasOpenssl)('R234: deploy/make-secrets.sh', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'))
  const made = join(dir, 'secrets')
  const make = () => spawnSync('sh', [SCRIPT, made, 'agents.example'], { encoding: 'utf8' })
  let first: ReturnType<typeof make>
  beforeAll(() => {
    first = make()
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  test('makes secrets that a home folder and the configuration of the gateways take', () => {
    expect(first.stderr).toBe('')
    const home = join(dir, 'home')
    mkdirSync(join(home, 'keys'), { recursive: true, mode: 0o700 })
    mkdirSync(join(home, 'secrets'), { mode: 0o700 })
    const copy = (from: string, to: string): void => {
      copyFileSync(from, join(home, to))
      chmodSync(join(home, to), 0o600)
    }
    for (const key of ['gateway.key', 'audit.key']) copy(join(made, key), join('keys', key))
    for (const login of ['gateway', 'auditor', 'keeper']) copy(join(made, `${login}-url`), join('secrets', `${login}-url`))
    writeFileSync(join(home, 'secrets', 'erp-token'), 'x', { mode: 0o600 })
    openHome(home, { create: true })
    for (const text of [readFileSync(join(ROOT, 'deploy', 'gateway.yaml'), 'utf8'), renderedConfig()]) {
      writeFileSync(join(home, 'sallyport.yaml'), text, { mode: 0o600 })
      const { config } = loadConfig(join(home, 'sallyport.yaml'), {})
      expect(config.listen.tls).toBeDefined()
      expect(config.store).toMatchObject({ type: 'postgres', url: expect.stringContaining('sslmode=verify-full') })
    }
  })

  test('names the hosts of the compose network in certificates of one authority', () => {
    const names = { gateway: 'gateway', postgres: 'postgres', witness: 'witness' }
    for (const [file, host] of Object.entries(names)) {
      const args = ['verify', '-CAfile', join(made, 'ca.crt'), '-verify_hostname', host, join(made, `${file}.crt`)]
      expect(spawnSync('openssl', args, { encoding: 'utf8' }).stdout).toContain('OK')
    }
    const args = ['verify', '-CAfile', join(made, 'ca.crt'), '-verify_hostname', 'agents.example', join(made, 'proxy.pem')]
    expect(spawnSync('openssl', args, { encoding: 'utf8' }).stdout).toContain('OK')
  })

  test('keeps the folder private and never overwrites it', () => {
    expect(statSync(made).mode & 0o777).toBe(0o700)
    const before = readFileSync(join(made, 'gateway.key'), 'utf8')
    expect(make().status).toBe(1)
    expect(readFileSync(join(made, 'gateway.key'), 'utf8')).toBe(before)
  })
})

/** The configuration in what the Helm chart makes. */
function renderedConfig(): string {
  const documents = parseAllDocuments(readFileSync(RENDERED, 'utf8')).map(
    (document) => document.toJS() as { data?: Record<string, string> },
  )
  return documents.flatMap((document) => document.data?.['sallyport.yaml'] ?? [])[0] ?? ''
}
