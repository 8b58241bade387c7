import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, inject, test, vi } from 'vitest'
import { findPostgres, freePort, startPostgres, type Postgres } from '../../gateway/src/fixtures/postgres.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CONTAINER = fileURLToPath(new URL('container.ts', import.meta.url))
const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.skipIf(inject('postgresUrl') === '' || !hasOpenssl)('what deploy/compose.yaml starts, without the engine', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-container-'))
  const secrets = join(dir, 'secrets')
  let database: Postgres | undefined
  const gateways: ChildProcess[] = []
  afterAll(async () => {
    for (const gateway of gateways) gateway.kill('SIGKILL')
    await database?.remove()
    rmSync(dir, { recursive: true, force: true })
  })

  /** The mounts of one gateway, with the configuration and the secrets that the compose file names. */
  function mounts(port: number, databasePort: string): string {
    const from = mkdtempSync(join(dir, 'mounts-'))
    for (const folder of ['config', 'keys', 'secrets', 'tls', 'manifests']) mkdirSync(join(from, folder))
    for (const key of ['gateway.key', 'audit.key']) copyFileSync(join(secrets, key), join(from, 'keys', key))
    for (const login of ['gateway', 'auditor', 'keeper']) {
      const url = Object.assign(new URL(readFileSync(join(secrets, `${login}-url`), 'utf8')), {
        hostname: 'localhost',
        port: databasePort,
      })
      url.searchParams.set('sslrootcert', join(secrets, 'ca.crt'))
      writeFileSync(join(from, 'secrets', `${login}-url`), url.href)
    }
    const config = readFileSync(join(ROOT, 'deploy', 'gateway.yaml'), 'utf8')
      .replace('port: 7700', `port: ${port}`)
      .replace('/run/sallyport/tls/tls.crt', join(secrets, 'gateway.crt'))
      .replace('/run/sallyport/tls/tls.key', join(secrets, 'gateway.tls.key'))
      .replace('host: 0.0.0.0', 'host: 127.0.0.1')
    writeFileSync(join(from, 'config', 'sallyport.yaml'), config)
    return from
  }

  function get(port: number, path: string, host = `localhost:${port}`): Promise<{ status: number; text: string }> {
    const ca = readFileSync(join(secrets, 'ca.crt'))
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: 'localhost', servername: 'localhost', port, path, ca, headers: { host }, agent: false },
        (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        },
      )
      sent.on('error', reject)
      sent.end()
    })
  }

  test('R233 R234 R293: migrated by its owner, gateways over TLS to PostgreSQL and to callers become ready, on one log key', async () => {
    expect(spawnSync('sh', [join(ROOT, 'deploy', 'make-secrets.sh'), secrets]).status).toBe(0)
    // The server reads its key as itself; the image copies it.
    chmodSync(secrets, 0o755)
    const key = join(secrets, 'server.key')
    copyFileSync(join(secrets, 'gateway.tls.key'), key)
    chmodSync(key, 0o600)
    if (process.getuid?.() === 0) execFileSync('chown', ['postgres', key])
    chmodSync(dir, 0o755)
    database = await startPostgres(findPostgres() ?? '', [
      'ssl=on',
      `ssl_cert_file=${join(secrets, 'gateway.crt')}`,
      `ssl_key_file=${key}`,
    ])
    const { port: databasePort } = new URL(database.adminUrl)
    const init = { PATH: process.env['PATH'] ?? '', SECRETS: secrets, PGHOST: '127.0.0.1', PGPORT: databasePort }
    expect(spawnSync('sh', [join(ROOT, 'deploy', 'postgres-init.sh')], { env: init, encoding: 'utf8' }).stderr).toBe('')
    const run = (...args: string[]) => [process.execPath, ['--conditions=sallyport-source', CONTAINER, ...args]] as const
    const owner = Object.assign(new URL(readFileSync(join(secrets, 'owner-url'), 'utf8')), {
      hostname: 'localhost',
      port: databasePort,
    })
    owner.searchParams.set('sslrootcert', join(secrets, 'ca.crt'))
    writeFileSync(join(dir, 'owner-url'), owner.href)
    const env = { PATH: process.env['PATH'] ?? '', SALLYPORT_HOME: join(dir, 'migrate') }
    const [program, args] = run('store', 'migrate', '--url-file', join(dir, 'owner-url'))
    expect(spawnSync(program, args, { env, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })

    const keys: string[] = []
    for (const home of ['one', 'two']) {
      const port = await freePort()
      const [file, up] = run('up', '--json')
      const own = { ...env, SALLYPORT_HOME: join(dir, home), SALLYPORT_MOUNTS: mounts(port, databasePort) }
      const gateway = spawn(file, up, { env: own, stdio: ['ignore', 'pipe', 'inherit'] })
      gateways.push(gateway)
      let said = ''
      gateway.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
      await vi.waitFor(async () => expect(await get(port, '/readyz')).toEqual({ status: 200, text: '{"status":"ready"}' }), {
        timeout: 20_000,
      })
      expect(await get(port, '/healthz')).toEqual({ status: 200, text: '{"status":"ok"}' })
      // The Host check holds for probes too.
      expect((await get(port, '/readyz', 'elsewhere.example')).status).toBe(403)
      await vi.waitFor(() => expect(said).toContain('logKey'), { timeout: 5_000 })
      keys.push((JSON.parse(said) as { logKey: string }).logKey)
    }
    expect(keys[0]).toBe(keys[1])
  })
})
